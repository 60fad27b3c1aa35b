use std::convert::Infallible;
use std::future::pending;
use std::mem;
use std::time::Duration;

use mainstay_idempotency::{DynStore, Fence, Held, Store as _};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::Store;
use crate::orders::model::OrderId;

/// How long a key is held without a word from its holder.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often its holder gives word. A word may be late once, and the next one is in time still.
const HEARTBEAT: Duration = Duration::from_millis(1500);

/// The right to charge for an order and to settle it, until it runs out or is taken over.
///
/// The claim is let go of when nothing came of it, so that a retry need not wait for its end: also
/// when the request is given up in the middle, as its client is gone or its time is up.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    pub(super) store: Store,
    pub(super) order: OrderId,
    /// Of the claim, as databases have numbers: what the order is settled under.
    pub(super) fence: i64,
    /// Whether nobody had the order before.
    pub(super) is_first: bool,
    pub(super) claim: Claim,
}

/// The claim to the key behind a hold, and who takes care of it.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is in the database, and completed there with the order.
    Database(Held),
    /// It is in another store, and only renewed and released here.
    Elsewhere(DynStore, Held),
    /// It is somebody else's affair, or over.
    Nobody,
}

impl Hold {
    /// Gives word for as long as it is polled.
    pub async fn keep(&self) -> Infallible {
        let Some((leases, held)) = self.claim.lease(&self.store) else { return pending().await };
        loop {
            sleep(HEARTBEAT).await;
            // If this fails, the next one may not.
            let _ = leases.renew(held, LEASE).await;
        }
    }

    /// Lets go of the claim. If this fails, its lease runs out by itself.
    pub async fn release(mut self) {
        // Taken once it is done, as it may be given up half-way.
        if let Some((leases, held)) = self.claim.lease(&self.store) {
            let _ = leases.release(held).await;
        }
        self.claim = Claim::Nobody;
    }

    /// The order is settled. A claim in the database was completed with that.
    pub async fn settled(mut self) {
        if let Claim::Database(_) = self.claim {
            self.claim = Claim::Nobody;
        }
        self.release().await;
    }
}

impl Claim {
    fn lease<'a>(&'a self, store: &'a Store) -> Option<(&'a DynStore, &'a Held)> {
        match self {
            Self::Database(held) => Some((&store.leases, held)),
            Self::Elsewhere(leases, held) => Some((leases, held)),
            Self::Nobody => None,
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let (leases, held) = match mem::replace(&mut self.claim, Claim::Nobody) {
            Claim::Database(held) => (self.store.leases.clone(), held),
            Claim::Elsewhere(leases, held) => (leases, held),
            Claim::Nobody => return,
        };
        if let Ok(runtime) = Handle::try_current() {
            // If this fails too, the lease runs out by itself.
            self.store.releases.spawn_on(async move { leases.release(&held).await }, &runtime);
        }
    }
}

/// A fence as databases have numbers.
pub(super) fn number(fence: Fence) -> i64 {
    i64::try_from(fence.get()).unwrap_or(i64::MAX)
}
