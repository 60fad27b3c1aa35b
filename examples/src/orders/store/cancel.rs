use bytes::Bytes;
use mainstay_idempotency::Fingerprint;
use mainstay_sqlx::{Begun, TxError};

use super::Store;
use super::claim::{KEEP, claim_of};
use super::pool::{with, with_claims};
use super::row::{Stored, columns};
use crate::orders::answer;
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{OrderId, Status};

const CANCEL: &str = concat!(
    "UPDATE orders SET status = 'cancelled', cancelled_under = $2
     WHERE id = $1 AND status = 'paid' RETURNING ",
    columns!()
);

const CANCELLED_UNDER: &str =
    concat!("SELECT ", columns!(), " FROM orders WHERE id = $1 AND cancelled_under = $2");

/// What came of calling an order off.
#[derive(Debug)]
pub enum Cancelled {
    /// It is called off, which is answered so.
    Now(Bytes),
    /// It was called off before, under the same key, and that was answered so.
    Before(Bytes),
    /// It is in a state that cannot be called off.
    Not(Status),
    /// There is no such order.
    Missing,
    /// Somebody else is at it.
    Busy,
    /// The key was used for another order.
    Reused,
}

impl Store {
    /// Calls an order off: the claim to the key, the effect and the answer are one transaction, so
    /// that there is never the one without the others.
    pub async fn cancel(&self, key: &ScopedKey, id: OrderId) -> Result<Cancelled, TxError> {
        let text = id.to_string();
        let claim = claim_of(key, Fingerprint::of([text.as_bytes()]));
        with_claims!(&self.claims, claims, _begin => match claims.begin(&claim).await? {
            Begun::First(mut tx) => {
                let order = sqlx::query_as(CANCEL)
                    .bind(text)
                    .bind(key.id.to_string())
                    .fetch_optional(&mut *tx);
                let Some(Stored { order, .. }) = order.await? else {
                    // A refusal is not written down: the order may yet get there.
                    tx.roll_back().await?;
                    return Ok(self.refusal(id).await?);
                };
                let body = answer::order(key.wire(), &order)?;
                tx.complete(body.clone(), KEEP).await?;
                Ok(Cancelled::Now(body))
            }
            Begun::Replay(body) => Ok(Cancelled::Before(body)),
            Begun::Running { .. } | Begun::Abandoned => Ok(Cancelled::Busy),
            Begun::Reused => Ok(Cancelled::Reused),
        })
    }

    /// Calls an order off for somebody who has claimed the key elsewhere. What that store forgets,
    /// the order knows.
    pub async fn cancel_held(
        &self,
        key: &ScopedKey,
        id: OrderId,
    ) -> Result<Cancelled, sqlx::Error> {
        let (text, under) = (id.to_string(), key.id.to_string());
        let cancelled: Option<Stored> = with!(
            &self.write,
            pool => sqlx::query_as(CANCEL).bind(&text).bind(&under).fetch_optional(pool).await?
        );
        if let Some(stored) = cancelled {
            return Ok(Cancelled::Now(answer::order(key.wire(), &stored.order)?));
        }
        let before: Option<Stored> = with!(
            &self.read,
            pool => sqlx::query_as(CANCELLED_UNDER)
                .bind(&text)
                .bind(&under)
                .fetch_optional(pool)
                .await?
        );
        match before {
            Some(stored) => Ok(Cancelled::Before(answer::order(key.wire(), &stored.order)?)),
            None => self.refusal(id).await,
        }
    }

    async fn refusal(&self, id: OrderId) -> Result<Cancelled, sqlx::Error> {
        let order = self.order(id).await?;
        Ok(order.map_or(Cancelled::Missing, |order| Cancelled::Not(order.status)))
    }
}
