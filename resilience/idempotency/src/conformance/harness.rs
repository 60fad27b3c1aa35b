use std::future::Future;
use std::time::Duration;

use crate::Store;

/// How the suite gets at a store, and at its clock.
///
/// Methods panic if they cannot do what they are asked for.
pub trait Harness: Send + Sync {
    /// The store.
    type Store: Store;

    /// Another handle to the same data, as another process would open it.
    fn store(&self) -> impl Future<Output = Self::Store> + Send;

    /// Lets so much time pass on the store's clock, or a little more. It is real time unless that
    /// clock is in the harness's hands; up to three seconds at once.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Ends the store's process and starts it again: a server is killed, a store in memory is made
    /// anew. Handles that were opened before are not used afterwards.
    ///
    /// `false`, the default, where that is not in the harness's hands. What the store
    /// [promises](crate::Promise) about it is not tested then.
    fn restart(&self) -> impl Future<Output = bool> + Send {
        async { false }
    }

    /// Has the store lose all that it has, as an operator or a failover would. Handles that were
    /// opened before are used on.
    ///
    /// `false`, the default, where that is not in the harness's hands. What the store
    /// [promises](crate::Promise) about it is not tested then.
    fn lose_all(&self) -> impl Future<Output = bool> + Send {
        async { false }
    }

    /// Sets the store's calendar clock back by this much.
    ///
    /// `false`, the default, where that is not in the harness's hands. What comes of it is not
    /// tested then.
    fn step_back(&self, by: Duration) -> impl Future<Output = bool> + Send {
        let _ = by;
        async { false }
    }

    /// Removes what has expired, where the store has a sweeper for that. Nothing by default.
    fn sweep(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}
