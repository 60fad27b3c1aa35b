use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::Held;

use super::backend::Backend;
use crate::again::{pause, within};
use crate::error::TxError;

/// How long the database is asked what has become of a commit, besides waiting for its end.
const ASKING: Duration = Duration::from_secs(1);

/// What has become of a transaction whose commit was not answered.
///
/// | the transaction | committed | rolled back |
/// |---|---|---|
/// | of a [`Tx`](crate::Tx), or of a [`Joined::complete`](crate::Joined::complete) | `Stored` | `NotStored` |
/// | of a [`Joined::keep`](crate::Joined::keep) | `Held` | `NotStored` |
/// | of a [`complete_in`](crate::PgStore::complete_in) | `Stored` | `Held` |
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// The claim is completed: its effect has happened, and this is its record.
    Stored(Bytes),
    /// The claim is held, and not completed: only one that was [kept](crate::Joined::keep), or made
    /// outside of transactions.
    Held,
    /// The claim was never made, or is there no more: it has expired, or a kept one was released or
    /// taken over since.
    NotStored,
}

impl Settled {
    /// What there is under a claim that is there.
    pub(crate) fn of(record: Option<Vec<u8>>) -> Self {
        record.map_or(Self::Held, |record| Self::Stored(record.into()))
    }
}

/// Asks until the database answers.
pub(crate) async fn settle<S: Backend>(store: &S, held: &Held) -> Result<Settled, TxError> {
    // In a box, as it is large, and is seldom called.
    within(store.wait().saturating_add(ASKING), Box::pin(ask(store, held))).await
}

async fn ask<S: Backend>(store: &S, held: &Held) -> Result<Settled, TxError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match store.read_settled(held).await {
            Err(error) if error.is_retryable() => pause(tries + 2).await,
            result => return result,
        }
    }
}
