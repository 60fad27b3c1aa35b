use std::time::{Duration, UNIX_EPOCH};

use mainstay_core::{Clock, SystemClock};
use mainstay_sqlx::TxError;

use super::Store;
use super::pool::{with, with_claims};
use super::row::{Stored, columns};

/// How many orders the reconciler is given at a time.
const BATCH: i64 = 20;
/// How many answers that nobody asks for any more are removed at a time.
const SWEPT: u32 = 1000;

const PENDING: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders
      WHERE status = 'pending' AND created_at <= $2
        AND NOT EXISTS (SELECT 1 FROM reconciliations AS later
            WHERE later.order_id = orders.id AND later.not_before > $1)
      ORDER BY created_at LIMIT $3"
);

impl Store {
    /// Orders that have been pending for longer than `age`, and whose turn it is. Somebody may hold
    /// them: that, the store of their keys knows.
    pub async fn pending(&self, age: Duration) -> Result<Vec<Stored>, sqlx::Error> {
        let now = now_millis();
        with!(
            &self.read,
            pool => sqlx::query_as(PENDING)
                .bind(now)
                .bind(now.saturating_sub(millis(age)))
                .bind(BATCH)
                .fetch_all(pool)
                .await
        )
    }

    /// Removes some of the answers whose time is over.
    pub async fn sweep(&self) -> Result<u64, TxError> {
        with_claims!(&self.claims, claims, _begin => claims.sweep(SWEPT).await)
    }
}

/// The service's own clock will do: a reconciler that comes early or late by a clock's error costs
/// a look, never a second charge.
pub(super) fn now_millis() -> i64 {
    millis(SystemClock.system_time().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
