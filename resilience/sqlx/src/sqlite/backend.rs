use std::time::Duration;

use mainstay_idempotency::{Claim, Claimed, Held};
use sqlx::Sqlite;

use super::claim::Look;
use super::queue::WriterPlace;
use super::transaction::begin;
use super::{SqliteStore, claim, held};
use crate::error::TxError;
use crate::turns::Turns;
use crate::tx::{Backend, Connection, Opened, Settled};

impl Backend for SqliteStore {
    const LOCKS_KEYS: bool = false;

    type Database = Sqlite;
    type Place = WriterPlace;

    fn turns(&self) -> &Turns {
        &self.turns
    }

    fn wait(&self) -> Duration {
        self.wait
    }

    async fn open(&self) -> Result<Opened<Self>, TxError> {
        let place = self.place().await?;
        let transaction = begin(&self.pool, self.wait).await?;
        Ok((transaction, place))
    }

    /// Readers wait for nobody: what has its answer already is given it while others write.
    async fn look(&self, claim: &Claim) -> Result<Option<Claimed>, TxError> {
        let mut connection = self.connection().await?;
        Ok(match claim::look(&mut connection, claim).await? {
            Look::Answer(claimed) => Some(claimed),
            Look::Ours | Look::Free => None,
        })
    }

    /// Ended before the next writer has its turn: it would find the file locked.
    async fn give_up(&self, opened: Opened<Self>) {
        let (transaction, _place) = opened;
        // One that fails has written nothing, and `begin` closes its connection.
        let _ = transaction.rollback().await;
    }

    async fn claim_in(
        &self,
        connection: &mut Connection<Self>,
        claim: &Claim,
    ) -> Result<Claimed, sqlx::Error> {
        claim::claim(connection, claim).await
    }

    async fn complete_in(
        &self,
        connection: &mut Connection<Self>,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> Result<bool, sqlx::Error> {
        held::complete_in(connection, held, record, keep).await
    }

    /// As the writer: whoever was it before has ended.
    async fn read_settled(&self, held: &Held) -> Result<Settled, TxError> {
        let (mut transaction, _place) = self.open().await?;
        Ok(held::settled(&mut transaction, held).await?)
    }
}
