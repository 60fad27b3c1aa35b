use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::Held;

use super::backend::Backend;
use crate::again::{pause, within};
use crate::error::TxError;

/// How long the database is asked what has become of a commit, besides waiting for its end.
const ASKING: Duration = Duration::from_secs(1);

/// What has become of a transaction whose commit was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// It was committed: its effect has happened, and this is its record.
    Stored(Bytes),
    /// It was rolled back, or its record has expired since.
    NotStored,
}

/// Asks until the database answers.
pub(crate) async fn settle<S: Backend>(store: &S, held: &Held) -> Result<Settled, TxError> {
    within(store.wait().saturating_add(ASKING), ask(store, held)).await
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
