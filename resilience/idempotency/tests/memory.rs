//! The suite of stores, on the store in memory.

#![cfg(test)]
#![cfg(feature = "conformance")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use mainstay_core::{Clock, ManualClock};
use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{
    Claim, Claimed, Completion, DynStore, Held, MemoryStore, Promise, Renewal, Store, StoreError,
};

/// A clock whose calendar can be set back, as opposed to its monotonic time.
#[derive(Clone, Default)]
struct Clocks {
    clock: ManualClock,
    set_back: Arc<Mutex<Duration>>,
}

impl Clock for Clocks {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        self.clock.system_time() - *self.set_back.lock().unwrap()
    }
}

/// A store in memory that can be lost, with all that is in it, under those that use it.
#[derive(Clone)]
struct Lossy(Arc<Mutex<Arc<MemoryStore>>>);

impl Lossy {
    fn new(clocks: &Clocks) -> Self {
        Self(Arc::new(Mutex::new(made(clocks))))
    }

    fn now(&self) -> Arc<MemoryStore> {
        self.0.lock().unwrap().clone()
    }
}

impl Store for Lossy {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.now().claim(claim).await
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.now().complete(held, record, keep).await
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.now().release(held).await
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.now().renew(held, lease).await
    }

    fn promise(&self) -> Promise {
        self.now().promise()
    }
}

/// `wrap` makes of the store in memory the one that is tested.
struct Memory<S> {
    clocks: Clocks,
    store: Lossy,
    wrap: fn(Lossy) -> S,
}

fn harness<S>(wrap: fn(Lossy) -> S) -> Memory<S> {
    let clocks = Clocks::default();
    Memory { store: Lossy::new(&clocks), clocks, wrap }
}

fn made(clocks: &Clocks) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::builder().clock(clocks.clone()).build())
}

impl<S: Store> Harness for Memory<S> {
    type Store = S;

    async fn store(&self) -> S {
        (self.wrap)(self.store.clone())
    }

    async fn wait(&self, time: Duration) {
        self.clocks.clock.advance(time);
    }

    async fn restart(&self) -> bool {
        self.lose_all().await
    }

    async fn lose_all(&self) -> bool {
        *self.store.0.lock().unwrap() = made(&self.clocks);
        true
    }

    async fn step_back(&self, by: Duration) -> bool {
        *self.clocks.set_back.lock().unwrap() += by;
        true
    }

    async fn sweep(&self) {
        self.store.now().sweep();
    }
}

mod memory {
    mainstay_idempotency::conformance!(super::harness(|store| store));
}

mod in_a_box {
    mainstay_idempotency::conformance!(super::harness(super::DynStore::new));
}
