//! Giving a key up.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::asking::{after, ask};
use crate::{Claim, Claimed, Held, Store, StoreError, StoreErrorKind};

/// As short as a lease may be.
const AT_ONCE: Duration = Duration::from_millis(1);
/// How long after it was last asked in vain the store is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// Gives the key up, so that the next try runs.
///
/// One that was taken over is not free: whether the effect of the try before has happened is not
/// known any better than it was. It is left with a lease that ends at once, so that the next try
/// takes it over as well, and is told.
pub(crate) async fn release(
    store: &impl Store,
    held: &Held,
    limit: Duration,
) -> Result<(), StoreError> {
    if held.taken_over {
        return ask(limit, || store.renew(held, AT_ONCE)).await.map(drop);
    }
    ask(limit, || store.release(held)).await
}

/// Gives back what may have been granted to a try that has not heard of it, and under which nothing
/// has begun: until the store has answered, or for as long as the lease may last.
///
/// It is claimed once more, so as to know whether it was granted.
pub(crate) async fn give_back(store: &impl Store, claim: &Claim, limit: Duration) {
    let until = after(Instant::now(), claim.lease);
    loop {
        let given_back = match ask(limit, || store.claim(claim)).await {
            Ok(Claimed::First(held)) => release(store, &held, limit).await,
            other => other.map(drop),
        };
        let is_out = given_back.is_err_and(|error| error.kind() == StoreErrorKind::Unavailable);
        if !is_out || Instant::now() >= until {
            return;
        }
        sleep(AGAIN).await;
    }
}
