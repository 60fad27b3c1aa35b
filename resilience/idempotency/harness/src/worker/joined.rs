//! A claim that is made in one transaction and kept, and completed in another.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Held, StoreError};
use mainstay_sqlx::{Begun, PgStore, SqliteStore, TxErrorKind};
use sqlx::{Postgres, Sqlite, Transaction};

use super::target::Database;
use super::transact::{EFFECT, not_completed};
use crate::history::{Answer, Effect};

/// A transaction that has begun. The beginning is not given up half-way, which would leave a
/// connection in a transaction of which its pool does not know.
pub(super) enum Open {
    Postgres(PgStore, Transaction<'static, Postgres>),
    Sqlite(SqliteStore, Transaction<'static, Sqlite>),
}

/// What is stored, and the row that goes with it.
pub(super) struct Done<'a> {
    pub(super) held: &'a Held,
    pub(super) effect: &'a Effect,
    pub(super) keep: Duration,
}

/// The same for each database: their transactions are of different types.
macro_rules! join {
    ($store:expr, $tx:expr, $claim:expr, $rolls_back:expr, $kept:expr) => {
        match $store.join(&mut $tx, $claim).await {
            Ok(Begun::First(joined)) => {
                let held = joined.keep();
                if $rolls_back {
                    // One that fails is rolled back all the same.
                    let _ = $tx.rollback().await;
                    return Ok(Answer::RolledBack);
                }
                *$kept = Some(held);
                let (fence, taken_over) = (held.fence.get(), held.taken_over);
                let committed = $tx.commit().await.map_err(StoreError::unavailable);
                committed.map(|()| Answer::First { fence, taken_over })
            }
            Ok(Begun::Replay(record)) => {
                Ok(Answer::Completed { record: crate::hex::encode(&record) })
            }
            Ok(Begun::Running { left: Some(_) }) => Ok(Answer::Running),
            Ok(Begun::Running { left: None }) => Ok(Answer::Busy),
            Ok(Begun::Abandoned) => Ok(Answer::Abandoned),
            Ok(Begun::Reused) => Ok(Answer::Reused),
            Err(error) => not_completed(error),
        }
    };
}

macro_rules! complete {
    ($store:expr, $tx:expr, $done:expr) => {{
        let Done { held, effect, keep } = $done;
        let record = Bytes::from(crate::hex::decode(&effect.record));
        if let Err(error) = $store.complete_in(&mut $tx, held, record, keep).await {
            return match error.kind() {
                TxErrorKind::Lost => Ok(Answer::Lost { record: None }),
                _ => not_completed(error),
            };
        }
        let row = sqlx::query(EFFECT)
            .bind(&effect.key)
            .bind(i64::try_from(effect.fence).unwrap_or(-1))
            .bind(&effect.nonce)
            .bind(&effect.record)
            .execute(&mut *$tx)
            .await;
        match row {
            Ok(_) => $tx.commit().await.map(|()| Answer::Stored).map_err(StoreError::unavailable),
            Err(_) => Ok(Answer::Failed),
        }
    }};
}

impl Database {
    /// Begins a transaction as a service does.
    pub(super) async fn open(&self) -> Result<Open, sqlx::Error> {
        Ok(match self {
            Self::Postgres(store) => Open::Postgres(store.clone(), store.pool().begin().await?),
            Self::Sqlite(store) => {
                let tx = store.pool().begin_with("BEGIN IMMEDIATE").await?;
                Open::Sqlite(store.clone(), tx)
            }
        })
    }
}

impl Open {
    /// Claims, keeps the claim and commits. `kept` is what is known of it when the commit is sent.
    pub(super) async fn join(
        self,
        claim: &Claim,
        rolls_back: bool,
        kept: &mut Option<Held>,
    ) -> Result<Answer, StoreError> {
        match self {
            Self::Postgres(store, mut tx) => join!(store, tx, claim, rolls_back, kept),
            Self::Sqlite(store, mut tx) => join!(store, tx, claim, rolls_back, kept),
        }
    }

    /// Completes, adds the row and commits.
    pub(super) async fn complete(self, done: Done<'_>) -> Result<Answer, StoreError> {
        match self {
            Self::Postgres(store, mut tx) => complete!(store, tx, done),
            Self::Sqlite(store, mut tx) => complete!(store, tx, done),
        }
    }
}
