use std::convert::Infallible;
use std::time::{Duration, UNIX_EPOCH};

use mainstay_core::{Clock, SystemClock};
use tokio::time::sleep;

use super::Store;
use super::pool::with;
use super::row::{Stored, columns};
use crate::orders::model::{OrderId, Payment, Status};

/// How long an order is held without a word from its holder.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often its holder gives word. A word may be late once, and the next one is in time still.
const HEARTBEAT: Duration = Duration::from_millis(1500);
/// What the first holder's fence is. It rises with every holder after that.
pub(super) const FIRST_FENCE: i64 = 1;
/// How many orders the reconciler is given at a time.
const BATCH: i64 = 20;

const TAKE_OVER: &str = "UPDATE orders SET fence = fence + 1, leased_until = $3
    WHERE id = $1 AND status = 'pending' AND leased_until <= $2
    RETURNING fence";

/// Sets when a lease ends: later to keep it, now to let go of it.
const SET_END: &str = "UPDATE orders SET leased_until = $3
    WHERE id = $1 AND fence = $2 AND status = 'pending'";

const SETTLE: &str = "UPDATE orders SET status = $3, payment_id = $4
    WHERE id = $1 AND fence = $2 AND status = 'pending'";

/// Whoever comes after the first holder does not know what those before have done.
const WITHDRAW: &str = "DELETE FROM orders
    WHERE id = $1 AND fence = $2 AND fence = $3 AND status = 'pending'";

const ABANDONED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders
      WHERE status = 'pending' AND leased_until <= $1 AND created_at <= $2
        AND NOT EXISTS (SELECT 1 FROM reconciliations AS later
            WHERE later.order_id = orders.id AND later.not_before > $1)
      ORDER BY leased_until LIMIT $3"
);

/// The right to charge for an order and to settle it, until it runs out or is taken over.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    id: OrderId,
    fence: i64,
}

impl Lease {
    pub(super) fn first(id: OrderId) -> Self {
        Self { id, fence: FIRST_FENCE }
    }
}

impl Store {
    /// Takes a pending order over from a holder whose time is up.
    pub async fn take_over(&self, id: OrderId) -> Result<Option<Lease>, sqlx::Error> {
        let now = now_millis();
        let fence: Option<i64> = with!(
            &self.write,
            pool => sqlx::query_scalar(TAKE_OVER)
                .bind(id.to_string())
                .bind(now)
                .bind(end_from_now())
                .fetch_optional(pool)
                .await
        )?;
        Ok(fence.map(|fence| Lease { id, fence }))
    }

    /// Gives word of a lease's holder for as long as it is polled.
    pub async fn keep(&self, lease: Lease) -> Infallible {
        loop {
            sleep(HEARTBEAT).await;
            // If this fails, the next one may not.
            let _ = self.renew(lease).await;
        }
    }

    /// Lets a lease start anew, unless it was taken over.
    pub async fn renew(&self, lease: Lease) -> Result<(), sqlx::Error> {
        self.set_end(lease, end_from_now()).await
    }

    /// Lets go of an order that could not be settled, so that a retry need not wait.
    pub async fn release(&self, lease: Lease) -> Result<(), sqlx::Error> {
        self.set_end(lease, now_millis()).await
    }

    /// Writes down what the payment came to. `false` if the lease was lost: whoever has it now
    /// asks the gateway under the same key and so learns the same.
    pub async fn settle(&self, lease: Lease, payment: &Payment) -> Result<bool, sqlx::Error> {
        let (status, payment_id) = match payment {
            Payment::Captured(id) => (Status::Paid, Some(id.as_str())),
            Payment::Declined => (Status::Declined, None),
        };
        let updated = with!(
            &self.write,
            pool => sqlx::query(SETTLE)
                .bind(lease.id.to_string())
                .bind(lease.fence)
                .bind(status.as_str())
                .bind(payment_id)
                .execute(pool)
                .await?
                .rows_affected()
        );
        Ok(updated == 1)
    }

    /// Takes back an order for which nothing was done, and with it the claim to its key. `false` if
    /// that cannot be known, as there was another holder before or is one now.
    pub async fn withdraw(&self, lease: Lease) -> Result<bool, sqlx::Error> {
        let deleted = with!(
            &self.write,
            pool => sqlx::query(WITHDRAW)
                .bind(lease.id.to_string())
                .bind(lease.fence)
                .bind(FIRST_FENCE)
                .execute(pool)
                .await?
                .rows_affected()
        );
        Ok(deleted == 1)
    }

    async fn set_end(&self, lease: Lease, end: i64) -> Result<(), sqlx::Error> {
        with!(
            &self.write,
            pool => sqlx::query(SET_END)
                .bind(lease.id.to_string())
                .bind(lease.fence)
                .bind(end)
                .execute(pool)
                .await
                .map(drop)
        )
    }

    /// Orders that have been pending for longer than `age`, that nobody holds and whose turn it is.
    pub async fn abandoned(&self, age: Duration) -> Result<Vec<Stored>, sqlx::Error> {
        let now = now_millis();
        with!(
            &self.read,
            pool => sqlx::query_as(ABANDONED)
                .bind(now)
                .bind(now.saturating_sub(millis(age)))
                .bind(BATCH)
                .fetch_all(pool)
                .await
        )
    }
}

/// When a lease taken now runs out.
pub(super) fn end_from_now() -> i64 {
    now_millis().saturating_add(millis(LEASE))
}

/// The service's own clock will do: holders that share a database are on one machine here, and a
/// lease that ends early or late by a clock's error costs a wait, never a second charge.
pub(super) fn now_millis() -> i64 {
    millis(SystemClock.system_time().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
