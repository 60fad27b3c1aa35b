//! Replies that are lost between PostgreSQL and its client, calls that never arrive, and servers
//! that end a session.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claimed, Completion, Renewal, Store, StoreErrorKind};
use mainstay_sqlx::{Begun, PgStore, Settled, TxErrorKind};
use tokio::time::timeout;

use crate::support::{KEEP, Proxy, Rows, again, claim, pg_pool, pg_pool_options, shared};

const RECORD: Bytes = Bytes::from_static(b"record");

/// A store behind a proxy, and one with a line of its own.
async fn stores() -> (Proxy, PgStore, PgStore) {
    let direct = PgStore::new(pg_pool(shared(), 4).await);
    direct.make_rows().await;
    let proxy = Proxy::to(shared()).await;
    // Without a test of each connection, so that it is the calls' own replies that are lost.
    let pool = pg_pool_options(1).test_before_acquire(false);
    let pool = pool.connect_with(proxy.options(shared())).await.unwrap();
    (proxy, PgStore::new(pool), direct)
}

/// Waits until the pool has its connection back: it is tested before.
async fn idle(store: &PgStore) {
    while store.pool().num_idle() == 0 {
        tokio::task::yield_now().await;
    }
}

/// Scenarios 3 and 4: a call that has arrived and was not answered is made again, and answered as
/// it was then.
#[tokio::test]
async fn lost_replies_are_given_again() {
    let (proxy, store, direct) = stores().await;
    let claim = claim();
    // Connected and prepared.
    store.claim(&crate::support::claim()).await.unwrap();
    idle(&store).await;
    proxy.lose_replies();
    let error = store.claim(&claim).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
    proxy.pass();
    assert!(matches!(direct.claim(&again(&claim)).await.unwrap(), Claimed::Running { .. }));
    let Claimed::First(held) = store.claim(&claim).await.unwrap() else { panic!() };

    assert_eq!(store.renew(&held, KEEP).await.unwrap(), Renewal::Renewed);
    let other = crate::support::claim();
    let Claimed::First(warm) = store.claim(&other).await.unwrap() else { panic!() };
    store.complete(&warm, RECORD, KEEP).await.unwrap();
    idle(&store).await;
    proxy.lose_replies();
    store.complete(&held, RECORD, KEEP).await.unwrap_err();
    proxy.pass();
    let repeat = store.complete(&held, Bytes::from_static(b"other"), KEEP).await.unwrap();
    assert_eq!(repeat, Completion::Stored);
    assert_eq!(direct.claim(&again(&claim)).await.unwrap(), Claimed::Completed(RECORD));
}

/// Scenario 8: a commit whose reply is lost has happened, and that is found out.
#[tokio::test]
async fn a_commit_whose_reply_is_lost_is_looked_up() {
    let (proxy, store, direct) = stores().await;
    let claim = claim();
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    let (watch, held) = (tx.watch(), *tx.held());
    PgStore::add(&mut tx, &claim).await.unwrap();
    proxy.lose_reply_to_commit();
    tx.complete(RECORD, KEEP).await.unwrap();
    watch.check().unwrap();
    assert_eq!(direct.settle(&held).await.unwrap(), Settled::Stored(RECORD));
    assert_eq!(direct.count(&claim).await, 1);
}

/// Scenario 8: one that has never arrived has not happened, and the next try is the first.
#[tokio::test]
async fn a_commit_that_is_lost_has_not_happened() {
    let (proxy, store, direct) = stores().await;
    let claim = claim();
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    let (watch, held) = (tx.watch(), *tx.held());
    PgStore::add(&mut tx, &claim).await.unwrap();
    proxy.lose_commit();
    let error = tx.complete(RECORD, KEEP).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unavailable, "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(watch.check().unwrap_err().kind(), TxErrorKind::NotCompleted);
    assert_eq!(direct.settle(&held).await.unwrap(), Settled::NotStored);
    assert_eq!(direct.count(&claim).await, 0);
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    PgStore::add(&mut tx, &claim).await.unwrap();
    tx.complete(RECORD, KEEP).await.unwrap();
    assert_eq!(direct.count(&claim).await, 1);
}

/// As long as nobody can be asked, it is not known, and is said to be so.
#[tokio::test]
async fn a_commit_that_nobody_can_be_asked_about_is_unknown() {
    let (proxy, store, direct) = stores().await;
    let store = store.wait(Duration::from_millis(100));
    let claim = claim();
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    let (watch, held) = (tx.watch(), *tx.held());
    PgStore::add(&mut tx, &claim).await.unwrap();
    proxy.lose_all_from_commit();
    let error = tx.complete(RECORD, KEEP).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unknown, "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(watch.check().unwrap_err().kind(), TxErrorKind::Unknown);
    proxy.pass();
    assert_eq!(direct.settle(&held).await.unwrap(), Settled::Stored(RECORD));
}

/// Scenario 5: a session that the server ends before the commit has left nothing.
#[tokio::test]
async fn a_session_that_ends_before_its_commit_leaves_nothing() {
    let (_, store, direct) = stores().await;
    let claim = claim();
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    PgStore::add(&mut tx, &claim).await.unwrap();
    let id: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *tx).await.unwrap();
    let kill = sqlx::query("SELECT pg_terminate_backend($1)").bind(id);
    kill.execute(direct.pool()).await.unwrap();
    let error = tx.complete(RECORD, KEEP).await.unwrap_err();
    assert_eq!(error.kind(), TxErrorKind::Unavailable, "{error:?}");
    let Begun::First(tx) = store.begin(&again(&claim)).await.unwrap() else { panic!() };
    tx.roll_back().await.unwrap();
    assert_eq!(direct.count(&claim).await, 0);
}

/// A `BEGIN` that is given up before it is answered leaves no transaction open, into which the next
/// on that connection would write what nobody commits.
#[tokio::test]
async fn a_begin_that_is_dropped_unanswered_leaves_no_transaction_open() {
    let (proxy, store, direct) = stores().await;
    store.claim(&claim()).await.unwrap();
    idle(&store).await;
    proxy.stall_replies();
    let given_up = timeout(Duration::from_millis(200), store.begin(&claim())).await;
    assert!(given_up.is_err(), "its reply is kept back");
    proxy.pass();
    let claim = claim();
    let claimed = store.claim(&claim).await.unwrap();
    assert!(matches!(claimed, Claimed::First(_)));
    assert_eq!(direct.claim(&claim).await.unwrap(), claimed);
}

/// The same when the tables are made.
#[tokio::test]
async fn a_migration_that_is_dropped_unanswered_leaves_no_transaction_open() {
    let (proxy, store, direct) = stores().await;
    store.claim(&claim()).await.unwrap();
    idle(&store).await;
    proxy.stall_replies();
    let given_up = timeout(Duration::from_millis(200), PgStore::migrate(store.pool())).await;
    assert!(given_up.is_err(), "its reply is kept back");
    proxy.pass();
    let claim = claim();
    let claimed = store.claim(&claim).await.unwrap();
    assert!(matches!(claimed, Claimed::First(_)));
    assert_eq!(direct.claim(&claim).await.unwrap(), claimed);
}
