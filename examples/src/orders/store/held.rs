use tokio::runtime::Handle;

use super::{Lease, Store};

/// A lease that is let go of when nothing came of it, so that a retry need not wait for its end:
/// also when the request is given up in the middle, as its client is gone or its time is up.
#[derive(Debug)]
#[must_use]
pub struct Held {
    store: Store,
    lease: Lease,
    settled: bool,
}

impl Store {
    /// Holds a lease.
    pub fn hold(&self, lease: Lease) -> Held {
        Held { store: self.clone(), lease, settled: false }
    }
}

impl Held {
    /// Says that the order is settled: there is nothing to let go of.
    pub fn settled(mut self) {
        self.settled = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (store, lease) = (self.store.clone(), self.lease);
        if let Ok(runtime) = Handle::try_current() {
            // If this fails too, the lease runs out by itself.
            runtime.spawn(async move { store.release(lease).await });
        }
    }
}
