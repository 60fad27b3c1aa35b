use std::time::Duration;

use mainstay_idempotency::{Claim, Claimed, Held};
use sqlx::Postgres;

use super::claim::advisory;
use super::transaction::{Sight, begin};
use super::{PgStore, claim, held, sql};
use crate::error::TxError;
use crate::turns::Turns;
use crate::tx::{Backend, Connection, Opened, Settled};

impl Backend for PgStore {
    const LOCKS_KEYS: bool = true;

    type Database = Postgres;
    type Place = ();

    fn turns(&self) -> &Turns {
        &self.turns
    }

    fn wait(&self) -> Duration {
        self.patience.wait
    }

    async fn open(&self) -> Result<Opened<Self>, TxError> {
        Ok((begin(self, Sight::Default).await?, ()))
    }

    async fn claim_in(
        &self,
        connection: &mut Connection<Self>,
        claim: &Claim,
    ) -> Result<Claimed, sqlx::Error> {
        claim::claim(self, connection, claim, &self.patience).await
    }

    async fn complete_in(
        &self,
        connection: &mut Connection<Self>,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> Result<bool, sqlx::Error> {
        held::complete_in(self, connection, held, record, keep).await
    }

    /// The transaction that has claimed, or that completes what was kept, has the advisory lock of
    /// the key until its end: whoever has it next reads what has become of it.
    async fn read_settled(&self, held: &Held) -> Result<Settled, TxError> {
        let mut transaction = begin(self, Sight::Committed).await?;
        sqlx::query(sql::AWAIT)
            .persistent(!self.is_pooled)
            .bind(self.patience.lock_timeout())
            .bind(advisory(&held.key))
            .execute(&mut *transaction)
            .await?;
        Ok(held::settled(self, &mut transaction, held).await?)
    }
}
