//! The store's calls. Each is one statement that writes, or one and what it takes to say why it has
//! not.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Completion, Held, Promise, Renewal, Store, StoreError};

use super::claim::{Look, claim, look};
use super::{SqliteStore, held};
use crate::brief::{brief, busy, crowded};
use crate::failure::store_error;
use crate::turns::Taken;

impl Store for SqliteStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.claimed(claim).await.map_err(store_error)
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.completion(held, &record, keep).await.map_err(store_error)
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.released(held).await.map_err(store_error)
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.renewal(held, lease).await.map_err(store_error)
    }

    fn promise(&self) -> Promise {
        Promise::durable()
    }
}

impl SqliteStore {
    /// Looks first, as readers wait for nobody: most that cannot be granted is answered so.
    async fn claimed(&self, wanted: &Claim) -> Result<Claimed, sqlx::Error> {
        if let Look::Answer(claimed) = look(&mut *self.connection().await?, wanted).await? {
            return Ok(claimed);
        }
        let turn = self.turns.take(wanted.key, brief(self.wait)).await;
        match &turn {
            Taken::Turn(_) => {}
            Taken::Late => return Ok(busy(self.wait)),
            Taken::Crowded => return Err(crowded()),
        }
        let _place = self.place().await?;
        claim(&mut *self.connection().await?, wanted).await
    }

    async fn completion(
        &self,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> Result<Completion, sqlx::Error> {
        let _place = self.place().await?;
        let mut connection = self.connection().await?;
        if held::complete(&mut connection, held, record, keep).await? {
            return Ok(Completion::Stored);
        }
        Ok(match held::completed(&mut connection, held).await? {
            Some((_, true)) => Completion::Stored,
            Some((record, false)) => Completion::Lost(Some(record)),
            None => Completion::Lost(None),
        })
    }

    async fn released(&self, held: &Held) -> Result<(), sqlx::Error> {
        let _place = self.place().await?;
        held::release(&mut *self.connection().await?, held).await
    }

    async fn renewal(&self, held: &Held, lease: Duration) -> Result<Renewal, sqlx::Error> {
        let _place = self.place().await?;
        let renewed = held::renew(&mut *self.connection().await?, held, lease).await?;
        Ok(if renewed { Renewal::Renewed } else { Renewal::Lost })
    }
}
