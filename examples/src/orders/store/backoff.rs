use std::time::Duration;

use super::Store;
use super::pending::{millis, now_millis};
use super::pool::with;
use crate::orders::model::OrderId;

/// How long the reconciler lets an order be after the first time. It doubles with each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Doubled eight times at most, which is four minutes.
const POSTPONE: &str = "INSERT INTO reconciliations (order_id, attempts, not_before)
    VALUES ($1, 1, $2 + $3)
    ON CONFLICT (order_id) DO UPDATE SET
        attempts = reconciliations.attempts + 1,
        not_before = $2 + $3 *
            (1 << CASE WHEN reconciliations.attempts < 8 THEN reconciliations.attempts ELSE 8 END)";

const FORGET: &str = "DELETE FROM reconciliations WHERE order_id = $1";

impl Store {
    /// Lets a pending order be for a while, longer each time. Clients are not kept from it.
    pub async fn postpone(&self, id: OrderId) -> Result<(), sqlx::Error> {
        with!(
            &self.write,
            pool => sqlx::query(POSTPONE)
                .bind(id.to_string())
                .bind(now_millis())
                .bind(millis(FIRST_PAUSE))
                .execute(pool)
                .await
                .map(drop)
        )
    }

    /// Forgets how often an order was tried: it is settled.
    pub async fn forget_attempts(&self, id: OrderId) -> Result<(), sqlx::Error> {
        with!(
            &self.write,
            pool => sqlx::query(FORGET).bind(id.to_string()).execute(pool).await.map(drop)
        )
    }
}
