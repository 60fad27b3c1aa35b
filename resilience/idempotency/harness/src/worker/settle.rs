//! Asking what has become of a transaction.

use std::io;

use mainstay_idempotency::{Held, StoreError};
use mainstay_sqlx::{Settled, TxError, TxErrorKind};

use super::target::Database;
use super::work::{Worker, name};
use crate::history::{Answer, Call};

impl Worker {
    pub(super) async fn settle(&mut self, key: u64, held: &Held) -> io::Result<Option<Answer>> {
        let call =
            Call::Settle { key: name(key), nonce: held.nonce.to_string(), fence: held.fence.get() };
        let asking = async {
            let settled = match &self.target.database {
                Some(Database::Postgres(store)) => store.settle(held).await,
                Some(Database::Sqlite(store)) => store.settle(held).await,
                None => return Err(StoreError::unavailable("this store has no transactions")),
            };
            settled.map(answer).or_else(unknown)
        };
        self.recorder.ask(&mut self.dice, call, asking).await
    }
}

fn answer(settled: Settled) -> Answer {
    if settled == Settled::NotStored {
        return Answer::NotStored;
    }
    if let Settled::Stored(record) = settled {
        return Answer::Completed { record: crate::hex::encode(&record) };
    }
    Answer::StillHeld
}

fn unknown(error: TxError) -> Result<Answer, StoreError> {
    match error.kind() {
        TxErrorKind::Full | TxErrorKind::Unreadable => Ok(Answer::Broken),
        _ => Err(StoreError::unavailable(error)),
    }
}
