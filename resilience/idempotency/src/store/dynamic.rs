use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Claim, Claimed, Completion, Held, Promise, Renewal, Store, StoreError};

/// A store of a kind that is chosen when the program runs. Each call is in a box.
#[derive(Clone)]
pub struct DynStore(Arc<dyn Boxed>);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl DynStore {
    /// This store.
    pub fn new(store: impl Store) -> Self {
        Self(Arc::new(store))
    }
}

/// [`Store`] as a trait object: its futures have to be in boxes for that.
trait Boxed: Send + Sync {
    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Claimed>;
    fn complete<'a>(
        &'a self,
        held: &'a Held,
        record: Bytes,
        keep: Duration,
    ) -> Answer<'a, Completion>;
    fn release<'a>(&'a self, held: &'a Held) -> Answer<'a, ()>;
    fn renew<'a>(&'a self, held: &'a Held, lease: Duration) -> Answer<'a, Renewal>;
    fn promise(&self) -> Promise;
}

impl<S: Store> Boxed for S {
    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Claimed> {
        Box::pin(Store::claim(self, claim))
    }

    fn complete<'a>(
        &'a self,
        held: &'a Held,
        record: Bytes,
        keep: Duration,
    ) -> Answer<'a, Completion> {
        Box::pin(Store::complete(self, held, record, keep))
    }

    fn release<'a>(&'a self, held: &'a Held) -> Answer<'a, ()> {
        Box::pin(Store::release(self, held))
    }

    fn renew<'a>(&'a self, held: &'a Held, lease: Duration) -> Answer<'a, Renewal> {
        Box::pin(Store::renew(self, held, lease))
    }

    fn promise(&self) -> Promise {
        Store::promise(self)
    }
}

impl Store for DynStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.0.complete(held, record, keep).await
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.0.release(held).await
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.0.renew(held, lease).await
    }

    fn promise(&self) -> Promise {
        self.0.promise()
    }
}

impl fmt::Debug for DynStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynStore").finish_non_exhaustive()
    }
}
