//! One effect for many tries.
//!
//! # Why
//!
//! A client that hears nothing tries again, and a queue delivers twice. If the effect is a charge,
//! it must happen once. That takes more than a table of keys: two tries at the same time must not
//! both run; the one that runs may die, be paused for a minute and come back, or be cut off from
//! the store while it writes the answer.
//!
//! A try first [claims](Store::claim) the key. Who has the claim holds it under a lease, with a
//! [`Fence`] that only rises. A claim whose lease has ended may be taken over by another try, with
//! a higher fence; what the first one still does with its claim is then refused. When the effect is
//! done the answer is stored with [`Store::complete`], and every later try is given that, byte for
//! byte.
//!
//! ```text
//! Absent → Held { nonce, fence, lease, fingerprint } → Completed { record, expiry } → Absent
//!              ↺ renewed, taken over → Absent (released)
//! ```

mod asking;
#[cfg(feature = "conformance")]
#[expect(clippy::panic, reason = "it is made of assertions")]
pub mod conformance;
mod fingerprint;
mod guarantee;
mod http;
mod key;
mod lease;
mod memory;
mod nonce;
mod store;
mod work;

pub use self::fingerprint::Fingerprint;
pub use self::guarantee::{AtLeastOnce, AtMostOnce, Guarantee};
pub use self::http::{
    Attempt, Ending, IdempotencyBody, IdempotencyError, IdempotencyFuture, IdempotencyLayer,
    IdempotencyService, KeyRule, OnOutage, Refused, RefusedKind, Respond, RespondFuture,
    RespondService, Settle, Unscoped, key_of,
};
pub use self::key::{InvalidKey, Key, Scope};
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
pub use self::nonce::{Fence, Nonce};
pub use self::store::{
    Claim, Claimed, Completion, DynStore, Held, Promise, Renewal, Store, StoreError, StoreErrorKind,
};
pub use self::work::{
    AfterFailure, Begun, Done, Grant, Idempotent, NotRun, NotStored, Owner, RunError,
};
