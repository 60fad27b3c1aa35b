use bytes::Bytes;
use mainstay_idempotency::Held;
use mainstay_sqlx::{TxError, TxErrorKind};

use super::claim::KEEP;
use super::finish::to_the_end;
use super::hold::Claim;
use super::pool::{with, with_claims};
use super::{Hold, Record, Store};

const SETTLE: &str = "UPDATE orders SET status = $3, payment_id = $4, answer = $5
    WHERE id = $1 AND fence = $2 AND status = 'pending'";

/// Whoever comes after the first holder does not know what those before have done.
const WITHDRAW: &str = "DELETE FROM orders WHERE id = $1 AND fence = $2 AND status = 'pending'";

/// What the claim is completed with: every place of keys finds the answer in the order.
const WITH_THE_ORDER: Bytes = Bytes::new();

/// Binds what an order is settled with.
macro_rules! settle {
    ($record:expr, $fence:expr) => {
        sqlx::query(SETTLE)
            .bind($record.order.id.to_string())
            .bind($fence)
            .bind($record.order.status.as_str())
            .bind($record.order.payment_id.clone())
            .bind($record.body.to_vec())
    };
}

impl Hold {
    /// The last transaction of an order: writes down what the payment came to, the answer, and that
    /// the key has it. `false` if the hold was lost: whoever has it now asks the gateway under the
    /// same key and so learns the same.
    pub async fn settle(&self, record: &Record) -> Result<bool, TxError> {
        if let Claim::Database(held) = self.claim {
            let (store, fence, record) = (self.store.clone(), self.fence, record.clone());
            return to_the_end(async move { store.complete(held, fence, record).await }).await;
        }
        let settled = with!(
            &self.store.write,
            pool => settle!(record, self.fence).execute(pool).await?.rows_affected()
        );
        Ok(settled == 1)
    }

    /// Takes back an order for which nothing was done. `false` if that cannot be known, as there
    /// was another holder before or is one now. The claim is to be let go of after that.
    pub async fn withdraw(&self) -> Result<bool, sqlx::Error> {
        if !self.is_first {
            return Ok(false);
        }
        let deleted = with!(
            &self.store.write,
            pool => sqlx::query(WITHDRAW)
                .bind(self.order.to_string())
                .bind(self.fence)
                .execute(pool)
                .await?
                .rows_affected()
        );
        Ok(deleted == 1)
    }
}

impl Store {
    /// The claim first and then the order, as whoever takes over: the other way round the two would
    /// wait for each other.
    async fn complete(self, held: Held, fence: i64, record: Record) -> Result<bool, TxError> {
        with_claims!(&self.claims, claims, begin => {
            let mut tx = claims.pool().begin_with(begin).await?;
            match claims.complete_in(&mut tx, &held, WITH_THE_ORDER, KEEP).await {
                Err(error) if error.kind() == TxErrorKind::Lost => return Ok(false),
                completed => completed?,
            }
            if settle!(record, fence).execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
            tx.commit().await?;
            Ok(true)
        })
    }
}
