use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::pending::Pending;
use super::settings::{AfterFailure, Settings};
use super::{Begun, Done, Grant, NotRun, Owner, RunError};
use crate::asking::{Patience, ask_since};
use crate::together::{Caught, caught};
use crate::{
    AtLeastOnce, AtMostOnce, Claim, Claimed, Fingerprint, Guarantee, Key, Nonce, Store, StoreError,
    StoreErrorKind,
};

/// At most so many claims are given back at a time; of those beyond it the lease runs out.
const MOST_GIVEN_BACK: usize = 1024;

/// Runs effects once for each key: for the consumers of queues, and for jobs.
///
/// Clones share the store.
///
/// ```
/// use mainstay_idempotency::{Fingerprint, Idempotent, Key, MemoryStore, Scope};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let charges = Idempotent::at_least_once(MemoryStore::new());
///
/// // As often as the queue delivers it.
/// for _ in 0..3 {
///     let key = Key::new(&Scope::of(["charges"]), "message-17")?;
///     let asked = Fingerprint::of([&b"order 5, 30 EUR"[..]]);
///     let done = charges
///         .run(key, asked, async |grant| {
///             println!("charging, with fence {}", grant.fence());
///             Ok::<_, std::io::Error>("charged")
///         })
///         .await?;
///     assert_eq!(done.record(), "charged");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Queues
///
/// | [`run`](Self::run) says | the message is |
/// |---|---|
/// | [`Done`] | acknowledged, whichever it is: a replay is a message whose acknowledgement was lost |
/// | [`NotRun::Running`] | given back for so long as it says: it was delivered again while it is being processed |
/// | [`NotRun::Store`], [`RunError::Failed`], [`RunError::NotStored`] | given back |
/// | [`NotRun::Abandoned`], [`NotRun::Reused`] | put aside: no try can go well |
///
/// The time after which the queue delivers again need not be longer than the lease, nor than the
/// effect. How often a message is tried before it is put aside, the queue counts.
///
/// # Cancellation
///
/// Of a future that is dropped while its effect runs, the key stays held until the lease ends: what
/// the effect had begun may still be on its way. If it is to go on, spawn it. So it does of one that
/// is dropped after that, while its record is stored.
///
/// One that is dropped while it claims the key, or gives up on a store that does not answer, may
/// have been granted it. It is given back by a task, which asks the store for as long as the lease
/// may last. Up to 1024 of them run at a time, and none where there is no runtime: at most once, a
/// key on which nothing has run is then [abandoned](NotRun::Abandoned).
pub struct Idempotent<S, G = AtLeastOnce> {
    store: Arc<S>,
    room: Arc<Semaphore>,
    settings: Settings,
    guarantee: PhantomData<G>,
}

impl<S: Store> Idempotent<S, AtLeastOnce> {
    /// What a try has left half-way that died, the next runs again.
    pub fn at_least_once(store: S) -> Self {
        Self::new(store)
    }
}

impl<S: Store> Idempotent<S, AtMostOnce> {
    /// What a try has left half-way that died is not run again, as far as the store keeps its data:
    /// with a [`MemoryStore`](crate::MemoryStore) it is, after a restart. See [`AtMostOnce`].
    pub fn at_most_once(store: S) -> Self {
        Self::new(store)
    }
}

impl<S: Store, G: Guarantee> Idempotent<S, G> {
    fn new(store: S) -> Self {
        let settings = Settings::new(G::TAKES_OVER);
        let room = Arc::new(Semaphore::new(MOST_GIVEN_BACK));
        Self { store: Arc::new(store), room, settings, guarantee: PhantomData }
    }

    /// How long a claim lasts that is not renewed, by default 30 s and at least 100 ms: for so long
    /// a try that died is in the way of others. An effect may take longer.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.max(Duration::from_millis(100));
        self
    }

    /// How long records are kept, by default a day. It should be longer than tries come. A store
    /// that is bounded has to hold all keys of that time, such as a
    /// [`MemoryStore`](crate::MemoryStore).
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.settings.keep = keep;
        self
    }

    /// How long a try waits for another with the same key that is running, by default 5 s. The
    /// store is asked meanwhile, up to four times a second.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.settings.wait = wait;
        self
    }

    /// How long the store is asked for an answer, up to four times, by default 5 s. It should be
    /// well below the lease. A call that is not answered within a fifth of it is repeated, and the
    /// third of these is given half.
    #[must_use]
    pub fn store_limit(mut self, limit: Duration) -> Self {
        self.settings.store_limit = limit;
        self
    }

    /// What becomes of the key when the effect returns an error: by default it is released at least
    /// once, and left at most once.
    ///
    /// Where that depends on the error, take the two steps of [`begin`](Self::begin).
    #[must_use]
    pub fn after_error(mut self, after: AfterFailure) -> Self {
        self.settings.after_error = after;
        self
    }

    /// What becomes of the key when the effect panics: by default it is left.
    #[must_use]
    pub fn after_panic(mut self, after: AfterFailure) -> Self {
        self.settings.after_panic = after;
        self
    }

    /// Runs the effect if no other try has, stores its record, and gives it or that of the other.
    ///
    /// The lease is renewed while it runs, as [`Owner::during`] does. A panic of the effect goes
    /// on, after the key is settled.
    pub async fn run<F, R, E>(
        &self,
        key: Key,
        fingerprint: Fingerprint,
        effect: impl FnOnce(Grant) -> F,
    ) -> Result<Done, RunError<E>>
    where
        F: Future<Output = Result<R, E>>,
        R: Into<Bytes>,
    {
        let mut owner = match self.begin(key, fingerprint).await? {
            Begun::First(owner) => owner,
            Begun::Replay(record) => return Ok(Done::Replayed(record)),
        };
        let grant = owner.grant().clone();
        let worked = match caught(|| effect(grant)) {
            Ok(future) => owner.during(Caught { future }).await,
            Err(panic) => Err(panic),
        };
        match worked {
            Ok(Ok(record)) => Ok(owner.complete(record).await?),
            Ok(Err(error)) => {
                settle(owner, self.settings.after_error).await;
                Err(RunError::Failed(error))
            }
            Err(panic) => {
                settle(owner, self.settings.after_panic).await;
                resume_unwind(panic)
            }
        }
    }

    /// Claims the key, and waits for a while if another try has it. The first of two steps: the
    /// other is [`Owner::complete`] or [`Owner::release`].
    ///
    /// ```
    /// use mainstay_idempotency::{Begun, Fingerprint, Idempotent, Key, MemoryStore, Scope};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let jobs = Idempotent::at_least_once(MemoryStore::new());
    /// let key = Key::new(&Scope::of(["reports"]), "2026-11")?;
    ///
    /// match jobs.begin(key, Fingerprint::of([])).await? {
    ///     Begun::First(mut owner) => {
    ///         let report = owner.during(async { "the report" }).await;
    ///         owner.complete(report).await?;
    ///     }
    ///     Begun::Replay(report) => println!("{report:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin(&self, key: Key, fingerprint: Fingerprint) -> Result<Begun<S>, NotRun> {
        let Settings { lease, keep, wait, .. } = self.settings;
        let nonce = Nonce::unique();
        let claim = Claim { key, fingerprint, nonce, lease, keep, takes_over: G::TAKES_OVER };
        let mut patience = Patience::new(wait);
        loop {
            let (asked, answer) = self.ask_for(&claim).await.map_err(NotRun::Store)?;
            let left = match answer {
                Claimed::First(held) => {
                    let owner = Owner::new(self.store.clone(), held, asked, self.settings);
                    return Ok(Begun::First(owner));
                }
                Claimed::Completed(record) => return Ok(Begun::Replay(record)),
                Claimed::Abandoned => return Err(NotRun::Abandoned),
                Claimed::Reused => return Err(NotRun::Reused),
                Claimed::Running { left } => left,
            };
            if !patience.pause(left).await {
                return Err(NotRun::Running { left });
            }
        }
    }

    async fn ask_for(&self, claim: &Claim) -> Result<(Instant, Claimed), StoreError> {
        let Self { store, room, settings, .. } = self;
        let limit = settings.store_limit;
        let mut pending = Pending { store, room, limit, claim: Some(claim) };
        let claimed = ask_since(limit, || store.claim(claim)).await;
        if !claimed.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Unavailable) {
            pending.is_answered();
        }
        claimed
    }
}

/// That the key cannot be released is no reason to hide why the effect has failed: the lease ends.
async fn settle<S: Store>(owner: Owner<S>, after: AfterFailure) {
    match after {
        AfterFailure::Release => drop(owner.release().await),
        AfterFailure::Leave => drop(owner),
    }
}

impl<S, G> Clone for Idempotent<S, G> {
    fn clone(&self) -> Self {
        let (store, room) = (self.store.clone(), self.room.clone());
        Self { store, room, settings: self.settings, guarantee: PhantomData }
    }
}

impl<S, G> fmt::Debug for Idempotent<S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotent").field("settings", &self.settings).finish_non_exhaustive()
    }
}
