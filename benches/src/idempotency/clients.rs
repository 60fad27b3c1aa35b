//! Clients of a server, all in one thread.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use mainstay_core::{Clock, SystemClock};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Operation;
use crate::call::Pinned;

/// The runtime of a contender.
pub(super) fn runtime() -> Arc<Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Arc::new(runtime.expect("a runtime"))
}

/// The operation of so many clients, each of which does it again as soon as it is done.
pub(super) fn clients<F>(
    runtime: Arc<Runtime>,
    count: u64,
    once: impl Fn() -> F + Clone + Send + 'static,
) -> Operation
where
    F: Future<Output = ()> + Send + 'static,
{
    Operation::of_clients(move |rounds| {
        runtime.block_on(async {
            let client = |_| one_client(rounds / count, once.clone());
            (0..count).map(client).collect::<JoinSet<_>>().join_all().await.concat()
        })
    })
}

/// The operation of one client that shares a processor with its [server](beside): when each has one
/// of its own, most of the time is what it takes to wake an idle processor, and that varies.
pub(super) fn client_beside<F: Future<Output = ()>>(
    runtime: Arc<Runtime>,
    once: impl Fn() -> F + 'static,
) -> Operation {
    Operation::of_clients(move |rounds| {
        let _pinned = Pinned::to(0);
        runtime.block_on(one_client(rounds, &once))
    })
}

/// Starts a server where its [client](client_beside) will be: processes inherit that.
pub(super) fn beside<T>(start: impl FnOnce() -> T) -> T {
    let _pinned = Pinned::to(0);
    start()
}

/// How long each has taken.
async fn one_client<F: Future<Output = ()>>(rounds: u64, once: impl Fn() -> F) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _ in 0..rounds {
        let start = SystemClock.now();
        once().await;
        waits.push(SystemClock.now() - start);
    }
    waits
}

/// The server that is in use, or else a new one: it ends with the last who uses it.
pub(super) fn shared<T>(slot: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.upgrade().unwrap_or_else(|| {
        let started = Arc::new(start());
        *slot = Arc::downgrade(&started);
        started
    })
}
