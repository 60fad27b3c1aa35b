//! Idempotency inside your own transaction, on `SQLite` and PostgreSQL.
//!
//! # Why
//!
//! A claim that is kept beside the data can be lost between the two: the effect has happened, and
//! the process dies before the answer is stored. Where the effect is rows of the same database,
//! there need be no such moment. The claim, the effect and the answer are written in *one*
//! transaction, and are all there or none of them: the effect happens exactly once, and every retry
//! is given its answer. It takes two statements more than the effect alone (and on `SQLite` a look
//! before), and no extra write to disk.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use mainstay_idempotency::{Claim, Fingerprint, Key, Scope};
//! use mainstay_sqlx::{Begun, SqliteStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("orders.db");
//! let store = SqliteStore::open(path).await?;
//! # sqlx::query("CREATE TABLE orders (item TEXT)").execute(store.pool()).await?;
//! let day = Duration::from_secs(24 * 3600);
//! for _try in ["first", "again"] {
//!     let key = Key::new(&Scope::of(["tenant-7", "POST /orders"]), "c8f3")?;
//!     let claim = Claim::new(key, Fingerprint::of([&b"POST"[..], b"/orders", b"{}"]));
//!     let answer = match store.begin(&claim).await? {
//!         Begun::First(mut tx) => {
//!             sqlx::query("INSERT INTO orders VALUES ('lamp')").execute(&mut *tx).await?;
//!             let answer = Bytes::from("created");
//!             tx.complete(answer.clone(), day).await?; // the order and its answer, or neither
//!             answer
//!         }
//!         Begun::Replay(answer) => answer,
//!         Begun::Reused => return Err("422: the key was used for something else".into()),
//!         other => return Err(format!("409, come back later: {other:?}").into()),
//!     };
//!     assert_eq!(answer, "created");
//! }
//! let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(store.pool()).await?;
//! assert_eq!(orders, 1);
//! # Ok(())
//! # }
//! ```
//!
//! On PostgreSQL it is the same, with the pool that the service has:
//!
//! ```no_run
//! use mainstay_idempotency::Claim;
//! use mainstay_sqlx::{Begun, PgStore, TxError};
//!
//! # async fn place(pool: sqlx::PgPool, claim: &Claim) -> Result<bytes::Bytes, Box<dyn std::error::Error>> {
//! PgStore::migrate(&pool).await?; // once, when the service starts
//! let store = PgStore::new(pool);
//! match store.begin(claim).await? {
//!     Begun::First(mut tx) => {
//!         sqlx::query("INSERT INTO orders VALUES ('lamp')").execute(&mut *tx).await?;
//!         tx.complete("created".into(), claim.keep).await?;
//!         Ok("created".into())
//!     }
//!     Begun::Replay(answer) => Ok(answer),
//!     Begun::Reused => Err("422: the key was used for something else".into()),
//!     other => Err(format!("409, come back later: {other:?}").into()),
//! }
//! # }
//! ```
//!
//! [`PgStore::run`] and [`SqliteStore::run`] do all of it around a closure.
//!
//! # Behind HTTP
//!
//! `IdempotencyLayer` does not do this: it claims before the handler and completes after it, outside
//! of the transaction that only the handler knows. Here the handler, or what calls it, begins the
//! transaction, and turns what comes of that into an answer. It keeps a [`Watch`] of each
//! transaction that it hands on: what a handler says that has forgotten to complete must not be sent.
//!
//! ```
//! use axum::Router;
//! use axum::body::Bytes;
//! use axum::extract::State;
//! use axum::http::{HeaderMap, StatusCode};
//! use axum::response::{IntoResponse, Response};
//! use axum::routing::post;
//! use mainstay_idempotency::{Claim, Fingerprint, Key, Scope};
//! use mainstay_sqlx::{Begun, SqliteStore, Tx, TxError};
//!
//! /// The effect. Without the last line the client gets a 500, and nothing has happened.
//! async fn place(mut tx: Tx<SqliteStore>, order: Bytes) -> Result<Bytes, TxError> {
//!     sqlx::query("INSERT INTO orders VALUES ($1)").bind(&order[..]).execute(&mut *tx).await?;
//!     let answer = Bytes::from("created");
//!     tx.complete(answer.clone(), std::time::Duration::from_secs(24 * 3600)).await?;
//!     Ok(answer)
//! }
//!
//! async fn orders(State(store): State<SqliteStore>, headers: HeaderMap, order: Bytes) -> Response {
//!     let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
//!     // Whose key it is: the tenant, from what has authenticated the request.
//!     let scope = Scope::of(["tenant-7", "POST /orders"]);
//!     let Some(Ok(key)) = key.map(|key| Key::new(&scope, key)) else {
//!         return StatusCode::BAD_REQUEST.into_response();
//!     };
//!     let claim = Claim::new(key, Fingerprint::of([&order[..]]));
//!     match store.begin(&claim).await {
//!         Ok(Begun::First(tx)) => {
//!             let watch = tx.watch();
//!             let placed = place(tx, order).await;
//!             match placed.and_then(|answer| watch.check().map(|()| answer)) {
//!                 Ok(answer) => (StatusCode::CREATED, answer).into_response(),
//!                 Err(error) => failed(&error),
//!             }
//!         }
//!         Ok(Begun::Replay(answer)) => {
//!             (StatusCode::CREATED, [("idempotency-replayed", "true")], answer).into_response()
//!         }
//!         Ok(Begun::Reused) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
//!         Ok(Begun::Running { .. } | Begun::Abandoned) => {
//!             (StatusCode::CONFLICT, [("retry-after", "1")]).into_response()
//!         }
//!         Err(error) => failed(&error),
//!     }
//! }
//!
//! fn failed(error: &TxError) -> Response {
//!     // To the log, and not to the client: `error`, and its sources.
//!     let status = match error.is_retryable() {
//!         true => StatusCode::SERVICE_UNAVAILABLE,
//!         false => StatusCode::INTERNAL_SERVER_ERROR,
//!     };
//!     status.into_response()
//! }
//!
//! fn service(store: SqliteStore) -> Router {
//!     Router::new().route("/orders", post(orders)).with_state(store)
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use tower::ServiceExt;
//! # let folder = tempfile::tempdir()?;
//! # let store = SqliteStore::open(folder.path().join("orders.db")).await?;
//! # sqlx::query("CREATE TABLE orders (item BLOB)").execute(store.pool()).await?;
//! # for (key, order, status) in [("1", "lamp", 201), ("1", "lamp", 201), ("1", "desk", 422)] {
//! #     let request = axum::http::Request::post("/orders").header("idempotency-key", key);
//! #     let answer = service(store.clone()).oneshot(request.body(axum::body::Body::from(order))?).await?;
//! #     assert_eq!(answer.status(), status);
//! # }
//! # let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(store.pool()).await?;
//! # assert_eq!(orders, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What else may happen
//!
//! - **A duplicate comes while the first is at it.** It waits, at most as long as the store's `wait`
//!   says, and is then given the answer, or told [`Begun::Running`]. In one process it waits without
//!   a connection.
//! - **The effect fails, or its future is dropped.** Everything is rolled back when the [`Tx`] is
//!   dropped, and the next try is the first.
//! - **A handler forgets to complete.** The same, which its caller learns from [`Tx::watch`]: see
//!   [above](#behind-http). What is run by [`PgStore::run`] or [`SqliteStore::run`] cannot forget.
//! - **The commit is not answered.** [`Tx::complete`] finds out what has become of it. Only if nobody
//!   can be asked does it fail with [`TxErrorKind::Unknown`]; a client's retry settles that.
//! - **Two effects are in each other's way** (40001, 40P01). [`TxError::is_retryable`]: begin again
//!   with the same claim.
//! - **You have a transaction already.** [`PgStore::join`] and [`SqliteStore::join`] claim in that.
//!
//! # Effects elsewhere
//!
//! Where the effect is in another system, the same tables serve as a plain
//! [`Store`](mainstay_idempotency::Store), under a lease and with fences. What is in the database
//! before and after such an effect goes with the claim all the same: [`Joined::keep`] in the first
//! transaction, [`PgStore::complete_in`] or [`SqliteStore::complete_in`] in the last.
//!
//! A claim that is sent again, with its nonce, is the same claim, unless it was released in between.
//! A copy that was on its way all the time and arrives after the release is then a claim of its own,
//! which nobody knows that they have: the key is held until that lease ends, and is then taken over
//! or [abandoned](mainstay_idempotency::Claimed::Abandoned). The effect has not run under it.
//!
//! Rows that have expired are in nobody's way, and go with `sweep`: call it now and then.
//!
//! # Features
//!
//! - `postgres`, `sqlite`: [`PgStore`] and [`SqliteStore`]. Both are on by default, and `sqlite`
//!   compiles `SQLite` itself: with one database, turn the default features off and name it.
//!
//! The pools are of sqlx 0.9, which is also here as [`sqlx`]. It runs on tokio, and without TLS: for
//! that, depend on sqlx in the same version, with one of its features `tls-rustls-ring`,
//! `tls-rustls-aws-lc-rs` or `tls-native-tls`.

// Without a database there is nothing to use what both share.
#![cfg_attr(not(any(feature = "postgres", feature = "sqlite")), allow(dead_code, unused_imports))]

mod again;
mod brief;
mod error;
mod failure;
#[cfg(feature = "postgres")]
mod finish;
mod found;
mod migrate;
mod millis;
mod turns;
mod tx;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use error::{TxError, TxErrorKind};
pub use failure::is_conflict;
pub use migrate::MigrateError;
#[cfg(feature = "postgres")]
pub use postgres::{POSTGRES_SCHEMA, PgStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{SQLITE_SCHEMA, SqliteStore, WriteTx};
/// The crate whose pools and transactions a store uses, in the version that it uses.
pub use sqlx;
pub use tx::{Begun, Joined, Settled, Tx, Watch};
