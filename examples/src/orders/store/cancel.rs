use super::Store;
use super::pool::with;
use super::row::{Stored, columns};
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{Order, OrderId, Status};

const CLAIM: &str = "INSERT INTO cancellations (scope, key, order_id) VALUES ($1, $2, $3)
    ON CONFLICT (scope, key) DO NOTHING";

const CLAIMED_FOR: &str = "SELECT order_id FROM cancellations WHERE scope = $1 AND key = $2";

const CANCEL: &str = concat!(
    "UPDATE orders SET status = 'cancelled' WHERE id = $1 AND status = 'paid' RETURNING ",
    columns!()
);

/// What came of calling an order off.
#[derive(Debug)]
pub enum Cancelled {
    /// It is called off.
    Now(Order),
    /// It was called off before, under the same key.
    Before(Order),
    /// It is in a state that cannot be called off.
    Not(Status),
    /// There is no such order.
    Missing,
    /// The key was used for another order.
    Reused,
}

impl Store {
    /// Calls an order off: the claim to the key and the effect are one transaction, so that there
    /// is never the one without the other.
    pub async fn cancel(&self, key: &ScopedKey, id: OrderId) -> Result<Cancelled, sqlx::Error> {
        let text = id.to_string();
        let (claimed, order): (bool, Option<Stored>) = with!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            let claim = sqlx::query(CLAIM).bind(&key.scope).bind(key.key.as_str()).bind(&text);
            let claimed = claim.execute(&mut *tx).await?.rows_affected() == 1;
            let mut order = None;
            if claimed {
                order = sqlx::query_as(CANCEL).bind(&text).fetch_optional(&mut *tx).await?;
            }
            // A refusal is not written down: the order may yet get there.
            match &order {
                Some(_) => tx.commit().await?,
                None => tx.rollback().await?,
            }
            (claimed, order)
        });
        match (order, claimed) {
            (Some(stored), _) => Ok(Cancelled::Now(stored.order)),
            (None, true) => self.refusal(id).await,
            (None, false) => self.cancelled_before(key, id).await,
        }
    }

    async fn refusal(&self, id: OrderId) -> Result<Cancelled, sqlx::Error> {
        let order = self.order(id).await?;
        Ok(order.map_or(Cancelled::Missing, |order| Cancelled::Not(order.status)))
    }

    async fn cancelled_before(
        &self,
        key: &ScopedKey,
        id: OrderId,
    ) -> Result<Cancelled, sqlx::Error> {
        let claimed_for: Option<String> = with!(
            &self.read,
            pool => sqlx::query_scalar(CLAIMED_FOR)
                .bind(&key.scope)
                .bind(key.key.as_str())
                .fetch_optional(pool)
                .await
        )?;
        if claimed_for.is_some_and(|order| order != id.to_string()) {
            return Ok(Cancelled::Reused);
        }
        let order = self.order(id).await?;
        Ok(order.map_or(Cancelled::Missing, Cancelled::Before))
    }
}
