//! Databases of the tests' own.

mod proxy;
mod tables;

use std::sync::OnceLock;
use std::time::Duration;

use mainstay_idempotency::{Claim, Fingerprint, Key, Nonce, Scope};
use mainstay_sqlx::PgStore;
use mainstay_testkit::servers::Postgres;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

pub(crate) use proxy::Proxy;
pub(crate) use tables::{File, Rows};

/// How long answers are kept that do not expire while a test lasts.
pub(crate) const KEEP: Duration = Duration::from_hours(1);

/// The server that tests share which do not stop it.
pub(crate) fn shared() -> &'static str {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start().unwrap()).url()
}

/// A pool on this server, with the tables made.
pub(crate) async fn pg_pool(url: &str, most: u32) -> PgPool {
    let pool = pg_pool_options(most).connect_with(pg_options(url)).await.unwrap();
    PgStore::migrate(&pool).await.unwrap();
    pool
}

pub(crate) fn pg_pool_options(most: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(most).acquire_timeout(Duration::from_secs(20))
}

pub(crate) fn pg_options(url: &str) -> PgConnectOptions {
    url.parse().unwrap()
}

/// A claim to a key that nobody else has.
pub(crate) fn claim() -> Claim {
    let key = Nonce::unique().to_string();
    Claim {
        key: Key::new(&Scope::of(["tests"]), &key).unwrap(),
        fingerprint: Fingerprint::of([&b"POST"[..], b"/orders"]),
        nonce: Nonce::unique(),
        lease: Duration::from_mins(1),
        keep: KEEP,
        takes_over: true,
    }
}

/// Another try with the same key.
pub(crate) fn again(claim: &Claim) -> Claim {
    Claim { nonce: Nonce::unique(), ..claim.clone() }
}
