//! Giving a key up.

use std::time::Duration;

use crate::asking::ask;
use crate::{Held, Store, StoreError};

/// As short as a lease may be.
const AT_ONCE: Duration = Duration::from_millis(1);

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
        return hand_over(store, held, limit).await;
    }
    ask(limit, || store.release(held)).await
}

/// Has the lease end at once, so that the next try takes over.
pub(crate) async fn hand_over(
    store: &impl Store,
    held: &Held,
    limit: Duration,
) -> Result<(), StoreError> {
    ask(limit, || store.renew(held, AT_ONCE)).await.map(drop)
}
