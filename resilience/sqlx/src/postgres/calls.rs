//! The store's calls, each made again where another transaction was in its way.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Completion, Held, Promise, Renewal, Store, StoreError};

use super::claim::{claim, find};
use super::line::Line;
use super::retrying::retrying;
use super::{PgStore, held};
use crate::brief::{busy, crowded};
use crate::failure::{Failure, store_error};
use crate::turns::Taken;

impl Store for PgStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        match retrying(|| self.claimed_in_turn(claim)).await {
            Err(error) if Failure::of(&error) == Failure::Locked => Ok(busy(self.patience.wait)),
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
    /// One that waits for another of this process has no connection meanwhile. Where it waits in
    /// vain that may have been for many that were only given a record.
    async fn claimed_in_turn(&self, wanted: &Claim) -> Result<Claimed, sqlx::Error> {
        let turn = match self.turns.take(wanted.key, self.brief.wait).await {
            Taken::Turn(turn) => Some(turn),
            Taken::Late => None,
            Taken::Crowded => return Err(crowded()),
        };
        let mut line = Line::open(self).await?;
        let claimed = if turn.is_some() {
            claim(self, &mut line, wanted, &self.brief).await?
        } else {
            let found = find(self, &mut line, wanted).await?;
            found.unwrap_or_else(|| busy(self.patience.wait))
        };
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
