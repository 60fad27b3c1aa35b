//! Finishes what no retry ever comes for.

use std::time::Duration;

use mainstay_idempotency::{Claimed, Store as _};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::OrderError;
use super::context::RequestContext;
use super::service::Orders;
use super::store::{Hold, LEASE, Stored, claim_of};

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);

/// How often to remove answers whose time is over.
const SWEEP: Duration = Duration::from_mins(1);

/// How many orders are finished at a time.
const AT_ONCE: usize = 8;
/// After how many calls in a row without an answer the gateway is left alone until the next time.
const MOST_SILENT: usize = 3;

/// What the gateway had to say to an order.
enum Heard {
    Something,
    Nothing,
}

/// Looks for orders that have been pending for long, at once and then every second, until `stop`, and
/// finishes those that nobody holds. An order it has begun with is brought to its end.
pub(super) async fn run(orders: Orders, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    let mut sweeps = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = sweeps.tick() => {
                // What is left is in nobody's way, and goes the next time.
                let _ = orders.store.sweep().await;
                continue;
            }
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
    // To try would only make every order wait longer for its next turn.
    if orders.gateway.shut_off().is_some() {
        return Ok(());
    }
    let mut waiting = orders.store.pending(LEASE).await?.into_iter();
    let mut running = JoinSet::new();
    let mut silent = 0;
    loop {
        while running.len() < AT_ONCE && silent < MOST_SILENT && !stop.is_cancelled() {
            let Some(stored) = waiting.next() else { break };
            running.spawn(attempt(orders.clone(), stored));
        }
        match running.join_next().await {
            Some(Ok(Heard::Nothing)) => silent += 1,
            Some(_) => silent = 0,
            None => return Ok(()),
        }
    }
}

async fn attempt(orders: Orders, stored: Stored) -> Heard {
    let id = stored.order.id;
    let Err(error) = finish(&orders, stored).await else { return Heard::Something };
    // It stays pending, and is looked at again when it is its turn.
    tracing::warn!(
        order = %id,
        error = &error as &dyn std::error::Error,
        "cannot finish a pending order"
    );
    match error {
        OrderError::Payments { source, .. } if source.is_silence() => Heard::Nothing,
        _ => Heard::Something,
    }
}

async fn finish(orders: &Orders, stored: Stored) -> Result<(), OrderError> {
    let id = stored.order.id;
    let Some(hold) = take_over(orders, &stored).await? else { return Ok(()) };
    // Before it is tried, so that an end in the middle counts as well.
    orders.store.postpone(id).await?;
    orders.charge(&RequestContext::background(), &stored.key, stored.order, hold).await?;
    tracing::info!(order = %id, "finished a pending order");
    Ok(orders.store.forget_attempts(id).await?)
}

/// Claims the key of an order, wherever it is kept, as a retry would.
async fn take_over(orders: &Orders, stored: &Stored) -> Result<Option<Hold>, OrderError> {
    let Some(keys) = &orders.keys else { return Ok(orders.store.take_over(stored).await?) };
    let claimed = keys.claim(&claim_of(&stored.key, stored.fingerprint)).await;
    match claimed.map_err(OrderError::no_keys)? {
        Claimed::First(held) => {
            Ok(orders.store.adopt_held(stored.order.id, keys.clone(), held).await?)
        }
        _ => Ok(None),
    }
}
