use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::{TxError, TxErrorKind};

/// Tells how a [`Tx`](super::Tx) has ended, after it was handed to somebody else.
///
/// Whoever begins the transaction for a handler keeps this, and asks when the handler has returned:
/// one that has neither completed the transaction nor [rolled it back](super::Tx::roll_back) on
/// purpose has forgotten it, and its answer promises what has not happened. The
/// [crate](crate#behind-http) shows that. Where the effect is a closure,
/// [`run`](crate::PgStore::run) cannot forget.
#[derive(Clone, Debug)]
pub struct Watch(Arc<AtomicU8>);

/// The other end: says that the transaction was dropped if nothing else was said.
#[derive(Debug)]
pub(super) struct Ending(Arc<AtomicU8>);

const OPEN: u8 = 0;
const COMPLETED: u8 = 1;
const ROLLED_BACK: u8 = 2;
const DROPPED: u8 = 3;
const UNKNOWN: u8 = 4;

impl Watch {
    /// Fails with [`NotCompleted`](TxErrorKind::NotCompleted) where the transaction was dropped or
    /// is open still, and with [`Unknown`](TxErrorKind::Unknown) where its commit was not answered.
    pub fn check(&self) -> Result<(), TxError> {
        match self.0.load(Ordering::Acquire) {
            COMPLETED | ROLLED_BACK => Ok(()),
            UNKNOWN => Err(TxError::new(TxErrorKind::Unknown)),
            _ => Err(TxError::new(TxErrorKind::NotCompleted)),
        }
    }
}

impl Ending {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(OPEN)))
    }

    pub(super) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.0))
    }

    pub(super) fn completed(self) {
        self.say(COMPLETED);
    }

    pub(super) fn rolled_back(self) {
        self.say(ROLLED_BACK);
    }

    /// From when the commit is sent to when it is answered.
    pub(super) fn unknown(&self) {
        self.say(UNKNOWN);
    }

    pub(super) fn dropped(&self) {
        self.say(DROPPED);
    }

    fn say(&self, what: u8) {
        self.0.store(what, Ordering::Release);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Unless something was said before.
        let _ = self.0.compare_exchange(OPEN, DROPPED, Ordering::AcqRel, Ordering::Acquire);
    }
}
