//! A call that somebody waits for.

use std::task::Poll;

use crate::probe::caller::{InFlight, Outcome};
use crate::probe::rig::{Checked, ensure};

pub(super) struct Flight<'r> {
    call: InFlight<'r>,
    pub(super) number: u64,
    waiting: bool,
}

impl<'r> Flight<'r> {
    pub(super) fn new(call: InFlight<'r>, number: u64) -> Self {
        Self { call, number, waiting: false }
    }

    /// Who has waited was woken.
    pub(super) fn poll(&mut self) -> Checked<Option<Outcome>> {
        let unexpected = self.waiting && !self.call.woken();
        let polled = self.call.poll();
        self.waiting = polled.is_pending();
        let Poll::Ready(outcome) = polled else { return Ok(None) };
        ensure(!unexpected, "a call has ended, and was not woken")?;
        Ok(Some(outcome))
    }

    /// Waits for the end.
    pub(super) fn outcome(mut self) -> Checked<Outcome> {
        match self.poll()? {
            Some(outcome) => Ok(outcome),
            None => self.call.outcome(),
        }
    }
}
