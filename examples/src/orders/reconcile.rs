//! Finishes what no retry ever comes for.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::OrderError;
use super::context::RequestContext;
use super::idempotency::gateway_key;
use super::service::Orders;
use super::store::{LEASE, Stored};

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);

/// Looks for orders that have been pending for long and that nobody holds, at once and then every
/// second, until `stop`. An order it has begun with is brought to its end.
pub(super) async fn run(orders: Orders, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = round(&orders, &stop).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot look for pending orders"
            );
        }
    }
}

async fn round(orders: &Orders, stop: &CancellationToken) -> Result<(), OrderError> {
    for stored in orders.store.abandoned(LEASE).await? {
        if stop.is_cancelled() {
            break;
        }
        let id = stored.order.id;
        match finish(orders, stored).await {
            Ok(()) => tracing::info!(order = %id, "finished a pending order"),
            // It stays pending, and is looked at again when its lease has run out.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(order = %id, error, "cannot finish a pending order");
            }
        }
    }
    Ok(())
}

async fn finish(orders: &Orders, stored: Stored) -> Result<(), OrderError> {
    let Some(lease) = orders.store.take_over(stored.order.id).await? else { return Ok(()) };
    let key = gateway_key(&stored.scope, &stored.key);
    orders.charge(&RequestContext::background(), stored.order, lease, key).await.map(drop)
}
