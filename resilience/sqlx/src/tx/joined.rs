use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Fence, Held};

use super::backend::{Backend, Connection};
use crate::error::{TxError, TxErrorKind};

/// A claim in a transaction that was begun before, and is committed by who has begun it.
///
/// Committed without [`complete`](Self::complete), the claim stays held until its lease ends:
/// [`keep`](Self::keep) says that this is meant.
#[derive(Debug)]
#[must_use = "the claim has to be completed before the transaction is committed, or kept"]
pub struct Joined<S> {
    held: Held,
    store: S,
}

impl<S: Backend> Joined<S> {
    pub(super) fn new(held: Held, store: S) -> Self {
        Self { held, store }
    }

    /// The fence of the claim: higher than that of every one before that was committed. Until this
    /// is committed too, it is [not for effects elsewhere](crate::Tx::fence).
    pub fn fence(&self) -> Fence {
        self.held.fence
    }

    /// Keeps the claim past the transaction, for an effect that leaves the database: it is not to
    /// happen while a transaction is open.
    ///
    /// From the commit on the claim is one under a lease, as of a plain
    /// [`Store`](mainstay_idempotency::Store), which renews and releases it.
    /// [`complete_in`](crate::PgStore::complete_in) completes it in a transaction that comes later.
    pub fn keep(self) -> Held {
        self.held
    }

    /// Stores the record for `keep` from now on, in the same transaction, which is to be committed
    /// next.
    ///
    /// Returned is what to ask [`settle`](crate::PgStore::settle) with if the commit is not
    /// answered. After an error the transaction has to be rolled back.
    pub async fn complete(
        self,
        connection: &mut Connection<S>,
        record: Bytes,
        keep: Duration,
    ) -> Result<Held, TxError> {
        if self.store.complete_in(connection, &self.held, &record, keep).await? {
            return Ok(self.held);
        }
        Err(TxError::new(TxErrorKind::Lost))
    }
}
