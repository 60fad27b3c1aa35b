//! The store's calls, each made again where another transaction was in its way.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Completion, Held, Promise, Renewal, Store, StoreError};

use super::claim::claim;
use super::line::Line;
use super::retrying::retrying;
use super::{PgStore, held};
use crate::failure::{Failure, store_error};

impl Store for PgStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        // One that waits for a transaction of this process has no connection meanwhile.
        if !self.turns.pass(claim.key, self.wait).await {
            return Ok(Claimed::Running { left: self.wait });
        }
        match retrying(|| self.claimed(claim)).await {
            // A transaction has claimed the key. It has no lease; this is how long it has taken.
            Err(error) if Failure::of(&error) == Failure::Locked => {
                Ok(Claimed::Running { left: self.wait })
            }
            result => result.map_err(store_error),
        }
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        retrying(|| self.completion(held, &record, keep)).await.map_err(store_error)
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        retrying(|| self.released(held)).await.map_err(store_error)
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        retrying(|| self.renewal(held, lease)).await.map_err(store_error)
    }

    fn promise(&self) -> Promise {
        Promise::durable()
    }
}

impl PgStore {
    async fn claimed(&self, wanted: &Claim) -> Result<Claimed, sqlx::Error> {
        let mut line = Line::open(self).await?;
        let claimed = claim(self, &mut line, wanted).await?;
        line.close().await?;
        Ok(claimed)
    }

    async fn completion(
        &self,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> Result<Completion, sqlx::Error> {
        let mut line = Line::open(self).await?;
        let completion = if held::complete(self, &mut line, held, record, keep).await? {
            Completion::Stored
        } else {
            match held::completed(self, &mut line, held).await? {
                Some((_, true)) => Completion::Stored,
                Some((record, false)) => Completion::Lost(Some(record)),
                None => Completion::Lost(None),
            }
        };
        line.close().await?;
        Ok(completion)
    }

    async fn released(&self, held: &Held) -> Result<(), sqlx::Error> {
        let mut line = Line::open(self).await?;
        held::release(self, &mut line, held).await?;
        line.close().await
    }

    async fn renewal(&self, held: &Held, lease: Duration) -> Result<Renewal, sqlx::Error> {
        let mut line = Line::open(self).await?;
        let renewed = held::renew(self, &mut line, held, lease).await?;
        line.close().await?;
        Ok(if renewed { Renewal::Renewed } else { Renewal::Lost })
    }
}
