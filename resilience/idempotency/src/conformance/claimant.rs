use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Harness;
use crate::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, Nonce, Promise, Renewal, Scope, Store,
    StoreError,
};

/// A lease that does not end while a scenario lasts.
pub(super) const LONG: Duration = Duration::from_secs(60);
/// A lease that ends.
pub(super) const SHORT: Duration = Duration::from_millis(400);
/// After this time a short lease has ended.
pub(super) const PAST: Duration = Duration::from_millis(600);
/// How long keys are remembered that do not expire while a scenario lasts.
pub(super) const KEEP: Duration = Duration::from_secs(3600);

/// A key that nobody else has.
pub(super) fn key() -> Key {
    scoped("one", &Nonce::unique().to_string())
}

/// The key of this tenant that its client calls so.
pub(super) fn scoped(tenant: &str, client: &str) -> Key {
    match Key::new(&Scope::of(["conformance", tenant]), client) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

/// One try, as a process of its own would make it.
#[derive(Debug)]
pub(super) struct Claimant<S> {
    store: Arc<S>,
    pub(super) claim: Claim,
}

impl<S> Clone for Claimant<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), claim: self.claim.clone() }
    }
}

impl<S: Store> Claimant<S> {
    /// On a handle of its own.
    pub(super) async fn new<H: Harness<Store = S>>(harness: &H, key: Key) -> Self {
        let claim = Claim {
            key,
            fingerprint: Fingerprint::of([&b"POST"[..], b"/orders"]),
            nonce: Nonce::unique(),
            lease: LONG,
            keep: KEEP,
            takes_over: true,
        };
        Self { store: Arc::new(harness.store().await), claim }
    }

    /// Another try, on the same handle.
    pub(super) fn again(&self) -> Self {
        let claim = Claim { nonce: Nonce::unique(), lease: LONG, ..self.claim.clone() };
        Self { store: self.store.clone(), claim }
    }

    /// The same try on another handle: who it is stays the same.
    pub(super) async fn reconnected<H: Harness<Store = S>>(&self, harness: &H) -> Self {
        Self { store: Arc::new(harness.store().await), claim: self.claim.clone() }
    }

    /// One whose lease ends soon.
    pub(super) fn briefly(mut self) -> Self {
        self.claim.lease = SHORT;
        self
    }

    /// One whose claim is remembered for so long.
    pub(super) fn kept(mut self, keep: Duration) -> Self {
        self.claim.keep = keep;
        self
    }

    /// One that takes over from nobody.
    pub(super) fn at_most_once(mut self) -> Self {
        self.claim.takes_over = false;
        self
    }

    /// One that asks for this.
    pub(super) fn asking(mut self, fingerprint: Fingerprint) -> Self {
        self.claim.fingerprint = fingerprint;
        self
    }

    pub(super) async fn claim(&self) -> Claimed {
        answered(self.store.claim(&self.claim).await)
    }

    /// Claims the key, which must be granted.
    pub(super) async fn first(&self) -> Held {
        match self.claim().await {
            Claimed::First(held) => {
                assert_eq!((held.key, held.nonce), (self.claim.key, self.claim.nonce));
                held
            }
            other => panic!("the key is free, but the claim was answered {other:?}"),
        }
    }

    /// Claims the key, which must be granted to one that takes over.
    pub(super) async fn takes_over(&self, before: &Held) -> Held {
        let held = self.first().await;
        assert!(held.taken_over, "{held:?} does not say that {before:?} was taken over");
        assert!(held.fence > before.fence, "{held:?} has no higher fence than {before:?}");
        held
    }

    /// Claims the key, which must be granted to one that takes over from nobody.
    pub(super) async fn begins_anew(&self, before: &Held) -> Held {
        let held = self.first().await;
        assert!(!held.taken_over, "{held:?} says that it was taken over, but the key was free");
        assert!(held.fence > before.fence, "{held:?} has no higher fence than {before:?}");
        held
    }

    /// Claims the key, which must be held by another.
    pub(super) async fn finds_it_running(&self) -> Duration {
        match self.claim().await {
            Claimed::Running { left } => left,
            other => panic!("the key is held by another, but the claim was answered {other:?}"),
        }
    }

    /// Claims the key, which must be completed with this record.
    pub(super) async fn is_replayed(&self, record: &[u8]) {
        match self.claim().await {
            Claimed::Completed(replayed) if replayed.len() > 1024 || record.len() > 1024 => {
                let lengths = (replayed.len(), record.len());
                assert!(replayed == record, "of a long record other bytes came back: {lengths:?}");
            }
            Claimed::Completed(replayed) => assert_eq!(replayed, record),
            other => panic!("the key is completed, but the claim was answered {other:?}"),
        }
    }

    pub(super) async fn complete(&self, held: &Held, record: &[u8]) -> Completion {
        self.complete_for(held, record, KEEP).await
    }

    pub(super) async fn complete_for(
        &self,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> Completion {
        answered(self.store.complete(held, Bytes::copy_from_slice(record), keep).await)
    }

    pub(super) async fn release(&self, held: &Held) {
        answered(self.store.release(held).await);
    }

    pub(super) async fn renew(&self, held: &Held, lease: Duration) -> Renewal {
        answered(self.store.renew(held, lease).await)
    }

    pub(super) fn promise(&self) -> Promise {
        self.store.promise()
    }

    /// What a holder tries whose claim is lost: nothing of it may have an effect.
    pub(super) async fn is_refused(&self, held: &Held, by: Option<&[u8]>) {
        let lost = Completion::Lost(by.map(Bytes::copy_from_slice));
        assert_eq!(self.complete(held, b"stale").await, lost);
        assert_eq!(self.renew(held, LONG).await, Renewal::Lost);
        self.release(held).await;
        assert_eq!(self.complete(held, b"stale").await, lost);
    }
}

fn answered<T: Debug>(answer: Result<T, StoreError>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}
