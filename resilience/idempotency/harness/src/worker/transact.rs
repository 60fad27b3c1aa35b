//! One try with a key, in one transaction with its effect.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Fingerprint, Nonce, StoreError};
use mainstay_sqlx::{Begun, TxError, TxErrorKind};
use tokio::time::sleep;

use super::target::Database;
use super::work::{Worker, key_of, name};
use crate::history::{Answer, Call};
use crate::settings::takes_over;

/// What a try has in mind.
struct Plan {
    claim: Claim,
    name: String,
    record: String,
    pause: Duration,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    RollBack,
    Drop,
}

/// Puts the effect of a round into its table.
pub(super) const EFFECT: &str =
    "INSERT INTO effects (key, fence, nonce, record) VALUES ($1, $2, $3, $4)";

/// The same for each database: their transactions are of different types.
macro_rules! transact {
    ($store:expr, $plan:expr, $begun:expr) => {{
        let Plan { claim, name, record, pause, end } = $plan;
        match $store.begin(claim).await {
            Ok(Begun::First(mut tx)) => {
                let fence = tx.fence().get();
                *$begun = Some(*tx.held());
                let effect = sqlx::query(EFFECT)
                    .bind(name)
                    .bind(i64::try_from(fence).unwrap_or(-1))
                    .bind(claim.nonce.to_string())
                    .bind(record)
                    .execute(&mut *tx)
                    .await;
                sleep(*pause).await;
                match end {
                    _ if effect.is_err() => Ok(Answer::Failed),
                    End::Drop => Ok(Answer::RolledBack),
                    End::RollBack => {
                        // One that fails is rolled back all the same.
                        let _ = tx.roll_back().await;
                        Ok(Answer::RolledBack)
                    }
                    End::Complete => {
                        let bytes = Bytes::from(crate::hex::decode(record));
                        let completed = tx.complete(bytes, claim.keep).await;
                        completed.map_or_else(not_completed, |()| Ok(Answer::Committed { fence }))
                    }
                }
            }
            Ok(Begun::Replay(record)) => {
                Ok(Answer::Completed { record: crate::hex::encode(&record) })
            }
            Ok(Begun::Running { .. }) => Ok(Answer::Running),
            Ok(Begun::Abandoned) => Ok(Answer::Abandoned),
            Ok(Begun::Reused) => Ok(Answer::Reused),
            Err(error) => not_completed(error),
        }
    }};
}

/// All errors but one are certain: nothing has happened.
pub(super) fn not_completed(error: TxError) -> Result<Answer, StoreError> {
    match error.kind() {
        TxErrorKind::Unknown => Err(StoreError::unavailable(error)),
        TxErrorKind::Full | TxErrorKind::Unreadable => Ok(Answer::Broken),
        _ => Ok(Answer::Failed),
    }
}

impl Worker {
    /// Begins, has an effect and completes, or not. When the round is over it only looks.
    pub(super) async fn transact(
        &mut self,
        key: u64,
        only_looks: bool,
    ) -> io::Result<Option<Answer>> {
        let plan = self.plan(key, only_looks);
        let call = Call::Transact {
            key: plan.name.clone(),
            nonce: plan.claim.nonce.to_string(),
            record: plan.record.clone(),
            keep: self.orders.keep(key),
        };
        let mut begun = None;
        let asking = async {
            match &self.target.database {
                Some(Database::Postgres(store)) => transact!(store, &plan, &mut begun),
                Some(Database::Sqlite(store)) => transact!(store, &plan, &mut begun),
                None => Err(StoreError::unavailable("this store has no transactions")),
            }
        };
        let answer = self.recorder.ask(&mut self.dice, call, asking).await?;
        let asks = self.dice.in_hundred(if answer.is_none() { 80 } else { 10 });
        if let Some(held) = begun
            && asks
        {
            self.settle(key, &held).await?;
        }
        Ok(answer)
    }

    fn plan(&mut self, key: u64, only_looks: bool) -> Plan {
        let end = match self.dice.below(100) {
            _ if only_looks => End::RollBack,
            0..10 => End::RollBack,
            10..20 => End::Drop,
            _ => End::Complete,
        };
        let claim = Claim {
            key: key_of(key),
            fingerprint: Fingerprint::of([]),
            nonce: Nonce::unique(),
            lease: Duration::from_micros(self.orders.pace.lease),
            keep: Duration::from_micros(self.orders.keep(key)),
            takes_over: takes_over(key),
        };
        let (record, pause) = (self.dice.bytes(), self.dice.millis(0, 12));
        Plan { claim, name: name(key), record, pause, end }
    }
}
