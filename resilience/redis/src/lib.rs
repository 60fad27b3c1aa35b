//! Idempotency claims on Redis, Redis Cluster and Valkey.
//!
//! [`RedisStore`] is a [`Store`] of `mainstay-idempotency`: give it to the layer, or to the plain
//! API. Processes that share a server share the claims.
//!
//! ```no_run
//! use mainstay_idempotency::{IdempotencyLayer, Scope};
//! use mainstay_redis::RedisStore;
//!
//! # async fn first() -> Result<(), mainstay_idempotency::StoreError> {
//! let store = RedisStore::connect("redis://127.0.0.1/").await?;
//! let layer = IdempotencyLayer::at_least_once(store).scope(|request| {
//!     let caller = request.headers.get("x-api-key")?.to_str().ok()?;
//!     // Within `nest` axum cuts the path: there take the whole one here, and in `.target(..)`.
//!     Some(Scope::of([caller, request.uri.path()]))
//! });
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! For `rediss://`, depend on the crate [`redis`] as well, with one of its features for TLS. A
//! connection that you have already does too: [`RedisStore::new`].
//!
//! # What a call does
//!
//! Each is one script on one key, run by its digest in one round trip: a first request takes two, a
//! replay one. A server that has forgotten a script (`SCRIPT FLUSH`, a restart, another node) is
//! sent it again, with the call: one round trip more, that once. The time of leases, of expiry and
//! of fences is the server's. Keys expire by themselves: there is nothing to sweep.
//!
//! A call runs on tokio. One whose connection breaks before the answer is repeated once, which is
//! safe, and over a new connection with those that reconnect. No call takes longer than
//! [`RedisStore::timeout`].
//!
//! Redis from 6.2 on, Valkey, and what speaks as they do. The account needs `EVALSHA`, `EVAL`,
//! `GET`, `SET`, `DEL`, `PTTL`, `PEXPIRE` and `TIME` on the keys of the
//! [prefix](RedisStore::prefix), `WAIT` for [replicas](RedisStore::replicas), `PING` for
//! [`RedisStore::ping`], and `CLUSTER SLOTS` for a cluster.
//!
//! # What it rests on
//!
//! *That of several claims one is granted, and that who has lost one changes nothing*, rests on the
//! data being kept. Redis acknowledges writes before they are on disk or on a replica, unless told
//! otherwise:
//!
//! | lost in | unless |
//! |---|---|
//! | a restart: everything, or the last second of it | `appendonly yes` and `appendfsync always`; then say [`durable`](RedisStore::durable) |
//! | a failover: what the new primary has not received | [`replicas`](RedisStore::replicas) are waited for, and one of those that have it is promoted: Redis does not promise to choose it |
//! | a partition: what the old primary took after the new one was promoted | it stops taking writes (`min-replicas-to-write`) |
//! | eviction | `maxmemory-policy noeviction`: the store is then [full](mainstay_idempotency::StoreErrorKind::Full) instead. Or memory for all keys |
//! | `FLUSHALL`, a deleted key | |
//!
//! After such a loss the next try is the first: the effect runs a second time, also under
//! [`AtMostOnce`](mainstay_idempotency::AtMostOnce).
//!
//! *That fences rise* rests on the data or on the clock; one is enough. A fence is the time of the
//! server in microseconds, or one more than the fence before if that is higher. The last one is
//! remembered for as long as the key is, and a key that was released is remembered for as long as
//! its claim would have been kept. So while the data is kept, fences rise unless the clock steps
//! back by more than that; and while the clock does not step back, they rise through any loss of
//! data. Through a failover they do if the clock of the new primary is not behind that of the old
//! one by more than the failover takes. An effect that looks at the fence, and refuses one lower
//! than the highest it has seen, is so protected from the first owner where a failover has given a
//! key two.
//!
//! A claim that is sent again, with its nonce, is the same claim, unless it was released in between.
//! A copy that was on its way all the time and arrives after the release is then a claim of its own,
//! which nobody knows that they have: the key is held until that lease ends, and is then taken over
//! or [abandoned](mainstay_idempotency::Claimed::Abandoned). The effect has not run under it.
//!
//! For effects that must not run twice although a machine is lost, keep claims where the effect is
//! kept: `mainstay-sqlx`.
//!
//! # Errors
//!
//! [`Unavailable`](mainstay_idempotency::StoreErrorKind::Unavailable) is all that may go better
//! another time, from a server that is down to one that is a replica now, and what keeps from
//! reaching one at all, such as a wrong password or URL; the source is the error of the crate
//! [`redis`]. [`Full`](mainstay_idempotency::StoreErrorKind::Full) is a server at its
//! `maxmemory`, which takes no claims, completions and renewals: what is held is held until its lease
//! ends, and an effect that takes longer may be taken over. Releases it takes, without what they
//! leave behind otherwise: of a key that was released meanwhile, fences rise by the clock alone.
//! [`Unreadable`](mainstay_idempotency::StoreErrorKind::Unreadable) is a key with
//! something else under it, which stays as it is.
//!
//! # Features
//!
//! - `cluster`: `RedisStore::connect_cluster`. A connection to a cluster can be given to
//!   [`RedisStore::new`] without it. Each claim is one key, and so in one slot.
//!
//! [`Store`]: mainstay_idempotency::Store

mod answer;
mod argument;
mod connect;
mod error;
#[cfg(test)]
mod model;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod rig;
mod script;
mod store;

/// The crate whose connections a [`RedisStore`] uses, in the version that it uses.
pub use redis;

pub use self::store::RedisStore;
