//! What can happen to `SQLite` alone.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claimed, Completion, Store, StoreError, StoreErrorKind};
use mainstay_sqlx::{Begun, MigrateError, SqliteStore, TxErrorKind};
use sqlx::sqlite::SqlitePoolOptions;
use tokio::time::timeout;

use crate::support::{File, KEEP, Rows, again, claim};

const RECORD: Bytes = Bytes::from_static(b"record");

/// What has its answer is given it while another writes, and so is what another has.
#[tokio::test]
async fn replays_wait_for_no_writer() {
    let file = File::new();
    let store = file.store().await.wait(Duration::from_millis(100));
    let (done, held) = (claim(), claim());
    let Begun::First(tx) = store.begin(&done).await.unwrap() else { panic!() };
    tx.complete(RECORD, KEEP).await.unwrap();
    store.claim(&held).await.unwrap();
    let Begun::First(writer) = store.begin(&claim()).await.unwrap() else { panic!() };
    let begun = store.begin(&again(&done)).await.unwrap();
    assert!(matches!(&begun, Begun::Replay(it) if *it == RECORD), "{begun:?}");
    let begun = store.begin(&again(&held)).await.unwrap();
    assert!(matches!(begun, Begun::Running { left: Some(_) }), "{begun:?}");
    let error = store.begin(&claim()).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unavailable);
    writer.roll_back().await.unwrap();
}

/// A pool whose only connection is the writer's keeps nobody for longer than the limit.
#[tokio::test]
async fn one_connection_will_do() {
    let file = File::new();
    drop(file.store().await);
    let options = SqliteStore::connect_options(file.path());
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    let store = SqliteStore::new(pool);
    let first = claim();
    let Begun::First(mut tx) = store.begin(&first).await.unwrap() else { panic!() };
    let impatient = store.clone().wait(Duration::from_millis(100));
    let error = impatient.begin(&claim()).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unavailable);
    SqliteStore::add(&mut tx, &first).await.unwrap();
    tx.complete(RECORD, KEEP).await.unwrap();
    assert!(matches!(store.begin(&again(&first)).await.unwrap(), Begun::Replay(_)));
}

/// No call keeps others from writing while it waits for a connection.
#[tokio::test]
async fn a_writer_without_a_connection_is_not_waited_for() {
    let file = File::new();
    drop(file.store().await);
    let options = SqliteStore::connect_options(file.path());
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    let patient = SqliteStore::new(pool);
    let Claimed::First(held) = patient.claim(&claim()).await.unwrap() else { panic!() };
    let reader = patient.pool().acquire().await.unwrap();
    let store = patient.clone().wait(Duration::from_millis(50));
    let limit = Duration::from_secs(10);
    for call in 0..4 {
        let kind = async {
            match call {
                0 => store.complete(&held, RECORD, KEEP).await.unwrap_err().kind(),
                1 => store.release(&held).await.unwrap_err().kind(),
                2 => store.renew(&held, KEEP).await.unwrap_err().kind(),
                _ => StoreError::from(store.sweep(1).await.unwrap_err()).kind(),
            }
        };
        let kind = timeout(limit, kind).await.expect("it has a limit");
        assert_eq!(kind, StoreErrorKind::Unavailable);
    }
    let begun = timeout(limit, store.transaction()).await.expect("it has a limit");
    assert_eq!(begun.unwrap_err().kind(), TxErrorKind::Unavailable);
    drop(reader);
    assert_eq!(patient.complete(&held, RECORD, KEEP).await.unwrap(), Completion::Stored);
}

/// Whoever else is writing, of this key that says nothing.
#[tokio::test]
async fn another_writer_is_no_other_try() {
    let file = File::new();
    let (one, two) = (file.store().await, file.store().await);
    let writer = one.transaction().await.unwrap();
    let mut tx = two.pool().begin().await.unwrap();
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *tx).await.unwrap();
    let error = two.join(&mut tx, &claim()).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unavailable, "{error:?}");
    writer.roll_back().await.unwrap();
}

/// A transaction that `SQLite` has ended by itself, for want of room, leaves no connection behind in
/// which none can be begun.
#[tokio::test]
async fn a_full_disk_spoils_no_connection() {
    let file = File::new();
    drop(file.store().await);
    let options = SqliteStore::connect_options(file.path()).pragma("max_page_count", "60");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    let store = SqliteStore::new(pool);
    let first = claim();
    let Begun::First(mut tx) = store.begin(&first).await.unwrap() else { panic!() };
    let much = sqlx::query("INSERT INTO effects VALUES (hex(zeroblob(1000000)))");
    let error = much.execute(&mut *tx).await.unwrap_err();
    assert_eq!(mainstay_sqlx::TxError::from(error).kind(), TxErrorKind::Full);
    drop(tx);
    for claim in [again(&first), claim()] {
        let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
        SqliteStore::add(&mut tx, &claim).await.unwrap();
        tx.complete(RECORD, KEEP).await.unwrap();
        assert_eq!(store.count(&claim).await, 1);
        assert_eq!(store.claim(&again(&claim)).await.unwrap(), Claimed::Completed(RECORD));
    }
}

/// Claim, effect and answer are one commit, which is one flush of the log: with `synchronous=FULL`
/// each commit is flushed, and nothing else is before a checkpoint. A replay is none.
#[tokio::test]
async fn a_request_is_one_flush() {
    let file = File::new();
    let store = file.store().await;
    let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(store.pool()).await.unwrap();
    assert_eq!(full, 2);
    let before = file.commits();
    for _ in 0..10 {
        let claim = claim();
        let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
        SqliteStore::add(&mut tx, &claim).await.unwrap();
        tx.complete(RECORD, KEEP).await.unwrap();
        assert!(matches!(store.begin(&again(&claim)).await.unwrap(), Begun::Replay(_)));
    }
    assert_eq!(file.commits() - before, 10);
}

/// Each connection would have claims of its own.
#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for path in [":memory:", ""] {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert!(matches!(error, MigrateError::InMemory), "{error:?}");
    }
}
