//! What is said of the two transactions around an effect elsewhere whose commits were not answered.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::Held;
use mainstay_sqlx::{Begun, PgStore, Settled, SqliteStore};
use tokio::time::timeout;

use crate::support::{File, KEEP, claim, pg_pool, shared};

const RECORD: Bytes = Bytes::from_static(b"record");

/// Until somebody waits for an advisory lock, in vain so far.
async fn waits_for(store: &PgStore, held: &Held) {
    let bytes = held.key.as_bytes()[..4].try_into().unwrap();
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
        AND NOT granted AND classid::bigint = $1)";
    let look = || sqlx::query_scalar::<_, bool>(waiting).bind(i64::from(u32::from_be_bytes(bytes)));
    let waits = async {
        while !look().fetch_one(store.pool()).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), waits).await.expect("nobody waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (store, other) =
        (PgStore::new(pg_pool(shared(), 4).await), PgStore::new(pg_pool(shared(), 2).await));
    let mut commits = [false, true].into_iter();
    let held = loop {
        let commits = commits.next().unwrap();
        let mut tx = store.pool().begin().await.unwrap();
        let Begun::First(joined) = store.join(&mut tx, &claim()).await.unwrap() else { panic!() };
        let held = joined.keep();
        let asks = tokio::spawn({
            let other = other.clone();
            async move { other.settle(&held).await.unwrap() }
        });
        waits_for(&store, &held).await;
        if commits { tx.commit().await } else { tx.rollback().await }.unwrap();
        let settled = asks.await.unwrap();
        if commits {
            assert_eq!(settled, Settled::Held);
            break held;
        }
        assert_eq!(settled, Settled::NotStored);
    };
    for (commits, settled) in [(false, Settled::Held), (true, Settled::Stored(RECORD))] {
        let mut tx = store.pool().begin().await.unwrap();
        store.complete_in(&mut tx, &held, RECORD, KEEP).await.unwrap();
        let asks = tokio::spawn({
            let other = other.clone();
            async move { other.settle(&held).await.unwrap() }
        });
        waits_for(&store, &held).await;
        if commits { tx.commit().await } else { tx.rollback().await }.unwrap();
        assert_eq!(asks.await.unwrap(), settled);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let file = File::new();
    let (store, other) = (file.store().await, file.store().await);
    let first = claim();
    let mut kept = None;
    for commits in [false, true] {
        let mut tx = store.transaction().await.unwrap();
        let begun = store.join(tx.transaction(), &first).await.unwrap();
        let Begun::First(joined) = begun else { panic!() };
        let held = joined.keep();
        let impatient = other.clone().wait(Duration::ZERO);
        assert!(impatient.settle(&held).await.is_err(), "it is open");
        if commits { tx.commit().await } else { tx.roll_back().await }.unwrap();
        let settled = if commits { Settled::Held } else { Settled::NotStored };
        assert_eq!(other.settle(&held).await.unwrap(), settled);
        kept = commits.then_some(held);
    }
    let held = kept.unwrap();
    for (commits, settled) in [(false, Settled::Held), (true, Settled::Stored(RECORD))] {
        let mut tx = store.transaction().await.unwrap();
        store.complete_in(tx.transaction(), &held, RECORD, KEEP).await.unwrap();
        if commits { tx.commit().await } else { tx.roll_back().await }.unwrap();
        assert_eq!(other.settle(&held).await.unwrap(), settled);
    }
}

/// Transactions of the two-transaction protocol and others of the store wait in one line: none of
/// them finds the file locked, though `SQLite` itself has no patience at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_sqlite_wait_in_one_line() {
    let file = File::new();
    file.store().await.pool().close().await;
    let options = SqliteStore::connect_options(file.path()).busy_timeout(Duration::ZERO);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(8).connect_lazy_with(options);
    // One that opens the file while others write may find it locked.
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(pool.acquire().await.unwrap());
    }
    drop(connections);
    let store = SqliteStore::new(pool).wait(Duration::from_mins(1));
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        tries.spawn(async move {
            let claim = claim();
            if number % 2 == 0 {
                let Begun::First(tx) = store.begin(&claim).await.unwrap() else { panic!() };
                tx.complete(RECORD, KEEP).await.unwrap();
                return;
            }
            let mut tx = store.transaction().await.unwrap();
            let begun = store.join(tx.transaction(), &claim).await.unwrap();
            let Begun::First(joined) = begun else { panic!() };
            let held = joined.keep();
            tx.commit().await.unwrap();
            let mut tx = store.transaction().await.unwrap();
            store.complete_in(tx.transaction(), &held, RECORD, KEEP).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    timeout(Duration::from_mins(1), tries.join_all()).await.unwrap();
}
