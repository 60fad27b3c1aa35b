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
//!
//! # First steps
//!
//! For HTTP and gRPC services there is a tower layer, [`IdempotencyLayer`]. For the consumers of
//! queues and for jobs there is [`Idempotent`]:
//!
//! ```
//! use mainstay_idempotency::{Fingerprint, Idempotent, Key, MemoryStore, Scope};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let charges = Idempotent::at_least_once(MemoryStore::new());
//!
//! // Whose key it is, and what is asked for: the same key for something else is refused.
//! let key = Key::new(&Scope::of(["tenant-7", "charges"]), "order-5")?;
//! let asked = Fingerprint::of([&b"30 EUR"[..]]);
//!
//! let done = charges.run(key, asked, async |grant| charge(grant.fence().get()).await).await?;
//! assert_eq!(done.record(), "charge 1");
//!
//! // The same again: nothing is run, and the answer is the same.
//! let again = charges.run(key, asked, async |grant| charge(grant.fence().get()).await).await?;
//! assert!(again.is_replayed() && again.record() == "charge 1");
//! # Ok(())
//! # }
//! # static CHARGES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
//! # async fn charge(_fence: u64) -> Result<String, std::io::Error> {
//! #     let number = CHARGES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
//! #     Ok(format!("charge {number}"))
//! # }
//! ```
//!
//! # What is guaranteed
//!
//! While everybody lives and no effect fails, each of these is exactly once. One that fails, and
//! says so, gives its key up by default, and the next try runs ([`AfterFailure`]; over HTTP and gRPC
//! [`Settle::by_default`]). They differ in what becomes of an effect whose owner died in the middle
//! of it, and that nobody else can know to have happened or not:
//!
//! | guarantee | an owner that dies half-way | for |
//! |---|---|---|
//! | [`AtLeastOnce`] | its lease ends, and the next try runs the effect again | effects that can be repeated |
//! | the same, and the effect looks at the [`Fence`] or hands on a key of its own | it runs again, and the resource refuses what is old or double | other services that know keys; resources that can compare a number |
//! | one transaction of one database (`mainstay-sqlx`) | claim, effect and answer go together, and the next try is the first | effects in that database: exactly once |
//! | [`AtMostOnce`] | every try is told that nobody knows ([`Claimed::Abandoned`]), until the claim expires | effects that must not be repeated, with somebody who looks into it |
//!
//! A stream is settled when it begins: an effect that happens while it is read is none of these.
//!
//! The first and the last are chosen by type, the second is up to the effect. A fence protects from
//! what no lease can: an owner that is paused right before its write and comes back after another
//! has taken over. `UPDATE account SET …, fence = $1 WHERE id = $2 AND fence < $1` is all it takes.
//!
//! # Stores
//!
//! | store | claims are lost with | fences rise | a first request costs | for |
//! |---|---|---|---|---|
//! | [`MemoryStore`] | the process | unless the clock is set back | nothing but memory | one process; tests |
//! | SQLite (`mainstay-sqlx`) | the disk | while the data is kept | a flush to disk, or none more than the effect's own | one machine |
//! | PostgreSQL (`mainstay-sqlx`) | the disk, or a failover to a replica that lags | while the data is kept | the same, over the network | where the effect is in that database |
//! | Redis (`mainstay-redis`) | what its server loses: see there | unless data is lost *and* the clock is set back | two round trips | many processes, effects elsewhere |
//!
//! A store of one's own is an implementation of [`Store`] that passes the suite behind the feature
//! `conformance`. [`DynStore`] is one that is chosen when the program runs.
//!
//! # Time
//!
//! Leases and expiry go by the store's clock alone: those of the processes that use it may be wrong
//! by any amount. A holder counts its own lease from before it asked for it, and takes a tenth off,
//! so that it knows before the store does that it may have lost it.
//!
//! # Runtime
//!
//! Waits, leases and limits are tokio's timers: the layer, [`Idempotent`] and the stores run on a
//! runtime of tokio's, and panic as its timers do where there is none.
//!
//! # Features
//!
//! - `conformance`: the suite that every store has to pass.
//! - `errors`: what is refused is a fault of `mainstay-errors`.

mod asking;
#[cfg(feature = "conformance")]
#[expect(clippy::panic, reason = "it is made of assertions")]
pub mod conformance;
#[cfg(feature = "errors")]
mod errors;
mod fence;
mod fingerprint;
mod guarantee;
mod http;
mod key;
mod lease;
mod memory;
mod nonce;
mod release;
mod store;
mod together;
mod work;

pub use self::fence::Fence;
pub use self::fingerprint::Fingerprint;
pub use self::guarantee::{AtLeastOnce, AtMostOnce, Guarantee};
pub use self::http::{
    Attempt, Ending, Event, IdempotencyBody, IdempotencyError, IdempotencyFuture, IdempotencyLayer,
    IdempotencyService, KeyRule, OnOutage, Refused, RefusedKind, Respond, RespondFuture,
    RespondService, Settle, Unscoped, key_of,
};
pub use self::key::{InvalidKey, Key, Scope};
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
pub use self::nonce::Nonce;
pub use self::store::{
    Claim, Claimed, Completion, DynStore, Held, Promise, Renewal, Store, StoreError, StoreErrorKind,
};
pub use self::work::{
    AfterFailure, Begun, Done, Grant, Idempotent, NotRun, NotStored, Owner, RunError,
};
