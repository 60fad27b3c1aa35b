use std::time::Duration;

use bytes::Bytes;

use crate::{Fence, Fingerprint, Key, Nonce};

/// What is asked of [`Store::claim`](crate::Store::claim).
#[derive(Clone, Debug)]
pub struct Claim {
    /// The key.
    pub key: Key,
    /// Of what is asked for.
    pub fingerprint: Fingerprint,
    /// Of this try.
    pub nonce: Nonce,
    /// How long the claim lasts unless it is renewed. Stores count in milliseconds, and at least
    /// one.
    pub lease: Duration,
    /// How long a claim that nobody renews or completes is remembered, at least the lease.
    pub keep: Duration,
    /// Whether the claim of another may be taken over once its lease has ended.
    pub takes_over: bool,
}

impl Claim {
    /// A claim of one try: a nonce of its own, a lease of 30 s, remembered for a day, and what was
    /// abandoned is taken over. All of it can be set.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mainstay_idempotency::{Claim, Fingerprint, Key, Scope};
    ///
    /// let key = Key::new(&Scope::of(["tenant-7", "POST /orders"]), "c8f3")?;
    /// let asked = Fingerprint::of([&b"{}"[..]]);
    /// let claim = Claim { lease: Duration::from_secs(5), ..Claim::new(key, asked) };
    /// assert_ne!(claim.nonce, Claim::new(key, asked).nonce);
    /// # Ok::<(), mainstay_idempotency::InvalidKey>(())
    /// ```
    pub fn new(key: Key, fingerprint: Fingerprint) -> Self {
        Self {
            key,
            fingerprint,
            nonce: Nonce::unique(),
            lease: Duration::from_secs(30),
            keep: Duration::from_secs(24 * 3600),
            takes_over: true,
        }
    }
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The key is held: the effect is to be run.
    First(Held),
    /// The effect has run: its record, byte for byte.
    Completed(Bytes),
    /// Another try is running it.
    Running {
        /// How long its lease lasts yet, unless it is renewed.
        left: Duration,
    },
    /// Another try was running it, and its lease has ended: whether the effect has happened nobody
    /// knows. Only where claims are not taken over.
    Abandoned,
    /// The key was used to ask for something else.
    Reused,
}

/// A claim that was granted: what its holder shows to the store from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The key.
    pub key: Key,
    /// Who holds it.
    pub nonce: Nonce,
    /// The fence: higher than that of every holder of this key before.
    pub fence: Fence,
    /// Whether the claim was taken over from another whose lease had ended: the effect may have
    /// happened, or happen yet.
    pub taken_over: bool,
}

/// What came of completing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The record is stored.
    Stored,
    /// The claim was lost before. If another has completed it, with this record.
    Lost(Option<Bytes>),
}

/// What came of renewing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The lease lasts anew.
    Renewed,
    /// The claim is lost: it was taken over, released, completed or has expired.
    Lost,
}
