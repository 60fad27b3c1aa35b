//! What can happen to PostgreSQL alone.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Idempotent, NotRun, RunError, Store, StoreErrorKind};
use mainstay_sqlx::{Begun, PgStore, Settled, TxError, TxErrorKind, is_conflict};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{KEEP, Rows, again, claim, pg_options, pg_pool, pg_pool_options, shared};

const RECORD: Bytes = Bytes::from_static(b"record");

async fn store(most: u32) -> PgStore {
    let store = PgStore::new(pg_pool(shared(), most).await);
    store.make_rows().await;
    store
}

/// A pool whose transactions are serializable, or whatever this is.
async fn isolated(level: &str) -> PgPool {
    drop(store(1).await);
    let options = pg_options(shared()).options([("default_transaction_isolation", level)]);
    pg_pool_options(8).connect_with(options).await.unwrap()
}

/// Scenario 28: what is refused because of others (40001) is tried again, as often as it takes to
/// be answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_isolation_level_will_do() {
    for level in ["repeatable read", "serializable"] {
        let stores = [0, 1].map(async |_| PgStore::new(isolated(level).await));
        let [one, two] = stores;
        let stores = [one.await, two.await];
        for _ in 0..10 {
            let first = claim();
            let mut tries = JoinSet::new();
            for number in 0..4 {
                let (store, claim) = (stores[number % 2].clone(), again(&first));
                tries.spawn(async move { until_answered(&store, &claim).await });
            }
            for answer in tries.join_all().await {
                assert_eq!(answer, RECORD);
            }
            assert_eq!(stores[0].count(&first).await, 1);
            let outside = stores[1].claim(&again(&first)).await.unwrap();
            assert_eq!(outside, Claimed::Completed(RECORD));
        }
    }
}

/// Scenario 28: a claim that has waited for another in vain, as its transaction may not see what
/// that has done (40001), is made again and answered: in a transaction and outside of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_may_not_see_what_it_has_waited_for_is_made_again() {
    let pool = isolated("repeatable read").await;
    let [one, two] = [PgStore::new(pool.clone()), PgStore::new(pool)];
    for inside in [true, false] {
        let first = claim();
        let Begun::First(tx) = one.begin(&first).await.unwrap() else { panic!() };
        let waits = tokio::spawn({
            let (two, next) = (two.clone(), again(&first));
            async move {
                if !inside {
                    return until_it_ended(&two, &next).await;
                }
                match two.begin(&next).await.unwrap() {
                    Begun::Replay(record) => Claimed::Completed(record),
                    other => panic!("{other:?}"),
                }
            }
        });
        waits_for(&one, &first).await;
        tx.complete(RECORD, KEEP).await.unwrap();
        assert_eq!(waits.await.unwrap(), Claimed::Completed(RECORD));
    }
}

/// Who asks what has become of a transaction that is still open is told what becomes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_seen_at_every_isolation_level() {
    for level in ["repeatable read", "serializable"] {
        let store = PgStore::new(isolated(level).await);
        let claim = claim();
        let Begun::First(tx) = store.begin(&claim).await.unwrap() else { panic!() };
        let held = *tx.held();
        let asks = tokio::spawn({
            let store = store.clone();
            async move { store.settle(&held).await.unwrap() }
        });
        waits_for(&store, &claim).await;
        tx.complete(RECORD, KEEP).await.unwrap();
        assert_eq!(asks.await.unwrap(), Settled::Stored(RECORD));
    }
}

/// Those that wait for a connection and are given up leave nothing behind that waits on.
#[tokio::test]
async fn begins_that_are_given_up_do_not_queue() {
    let store = store(1).await;
    let one = store.pool().acquire().await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    for _ in 0..100 {
        let given_up = timeout(Duration::from_millis(1), store.begin(&claim())).await;
        assert!(given_up.is_err(), "there is no connection");
    }
    assert!(metrics.num_alive_tasks() <= before + 2, "{}", metrics.num_alive_tasks());
    drop(one);
    assert!(matches!(store.begin(&claim()).await.unwrap(), Begun::First(_)));
}

/// Claims until nobody else has the key any more.
async fn until_it_ended(store: &PgStore, claim: &Claim) -> Claimed {
    loop {
        match store.claim(claim).await.unwrap() {
            Claimed::Running { .. } => {}
            claimed => return claimed,
        }
    }
}

/// Until somebody waits for the lock of this key.
async fn waits_for(store: &PgStore, claim: &Claim) {
    while waiting_for(store, claim).await == 0 {
        tokio::task::yield_now().await;
    }
}

/// How many wait for the lock of this key.
async fn waiting_for(store: &PgStore, claim: &Claim) -> i64 {
    let [high, low] = [0, 4].map(|at| {
        let bytes = claim.key.as_bytes()[at..at + 4].try_into().unwrap();
        i64::from(u32::from_be_bytes(bytes))
    });
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
        AND NOT granted AND classid::bigint = $1 AND objid::bigint = $2";
    sqlx::query_scalar(waiting).bind(high).bind(low).fetch_one(store.pool()).await.unwrap()
}

/// The effect's own conflicts, which serializable transactions always may have, are the caller's to
/// run again.
async fn until_answered(store: &PgStore, claim: &Claim) -> Bytes {
    for _ in 0..100 {
        match answered(store, claim).await {
            Err(error) if error.kind() == TxErrorKind::Conflict => {}
            answer => return answer.unwrap(),
        }
    }
    panic!("it is in the way of others a hundred times");
}

async fn answered(store: &PgStore, claim: &Claim) -> Result<Bytes, TxError> {
    match store.begin(claim).await? {
        Begun::First(mut tx) => {
            PgStore::add(&mut tx, claim).await?;
            tx.complete(RECORD, KEEP).await.map(|()| RECORD)
        }
        Begun::Replay(record) => Ok(record),
        other => panic!("{other:?}"),
    }
}

/// Scenario 28: of two effects that wait for each other (40P01) one is rolled back with all of it,
/// is told so, and goes well the next time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_rolled_back_and_can_be_run_again() {
    let store = store(8).await;
    let rows = [claim(), claim()];
    for row in &rows {
        PgStore::add(&mut *store.pool().acquire().await.unwrap(), row).await.unwrap();
    }
    let touch = async |connection: &mut PgConnection, row: usize| {
        sqlx::query("UPDATE effects SET key = key WHERE key = $1")
            .bind(rows[row].key.to_string())
            .execute(connection)
            .await
    };
    let claims = [claim(), claim()];
    let Begun::First(mut one) = store.begin(&claims[0]).await.unwrap() else { panic!() };
    let Begun::First(mut two) = store.begin(&claims[1]).await.unwrap() else { panic!() };
    PgStore::add(&mut one, &claims[0]).await.unwrap();
    PgStore::add(&mut two, &claims[1]).await.unwrap();
    touch(&mut one, 0).await.unwrap();
    touch(&mut two, 1).await.unwrap();
    let (first, second) = tokio::join!(
        async {
            match touch(&mut one, 1).await {
                Ok(_) => one.complete(RECORD, KEEP).await,
                Err(error) => {
                    drop(one);
                    Err(error.into())
                }
            }
        },
        async {
            match touch(&mut two, 0).await {
                Ok(_) => two.complete(RECORD, KEEP).await,
                Err(error) => {
                    assert!(is_conflict(&error));
                    drop(two);
                    Err(error.into())
                }
            }
        },
    );
    let (lost, error) = match (first, second) {
        (Err(error), Ok(())) => (&claims[0], error),
        (Ok(()), Err(error)) => (&claims[1], error),
        other => panic!("one of them is broken off: {other:?}"),
    };
    assert!(error.kind() == TxErrorKind::Conflict && error.is_retryable(), "{error:?}");
    assert_eq!(store.count(lost).await, 0);
    let Begun::First(mut tx) = store.begin(lost).await.unwrap() else { panic!() };
    PgStore::add(&mut tx, lost).await.unwrap();
    tx.complete(RECORD, KEEP).await.unwrap();
    assert_eq!(store.count(lost).await, 1);
}

/// Scenario 28: duplicates that wait in this process have no connections, so that other keys go on
/// with the one that is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_duplicates_leave_the_pool_to_others() {
    let store = store(2).await.wait(Duration::from_mins(1));
    let first = claim();
    let Begun::First(tx) = store.begin(&first).await.unwrap() else { panic!() };
    let mut duplicates = JoinSet::new();
    for _ in 0..16 {
        let (store, claim) = (store.clone(), again(&first));
        duplicates.spawn(async move { store.begin(&claim).await });
    }
    tokio::task::yield_now().await;
    for _ in 0..8 {
        let Begun::First(mut other) = timeout(Duration::from_secs(10), store.begin(&claim()))
            .await
            .expect("a connection is left")
            .unwrap()
        else {
            panic!()
        };
        sqlx::query("SELECT 1").execute(&mut *other).await.unwrap();
        other.complete(RECORD, KEEP).await.unwrap();
    }
    tx.complete(RECORD, KEEP).await.unwrap();
    for begun in duplicates.join_all().await {
        assert!(matches!(begun.unwrap(), Begun::Replay(it) if it == RECORD));
    }
}

/// So do those outside of transactions, whether it is this process or another that has the key: of
/// each key one has a connection. They ask again and again meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_claims_leave_the_pool_to_others() {
    let (ours, watches) = (store(3).await.wait(Duration::from_mins(1)), store(1).await);
    for (holder, may_wait) in [(ours.clone(), 0), (store(1).await, 1)] {
        let first = claim();
        let Begun::First(tx) = holder.begin(&first).await.unwrap() else { panic!() };
        let mut duplicates = JoinSet::new();
        for _ in 0..8 {
            let (store, claim) = (ours.clone(), again(&first));
            duplicates.spawn(async move { until_it_ended(&store, &claim).await });
        }
        for _ in 0..8 {
            let other = timeout(Duration::from_secs(10), ours.claim(&claim())).await;
            let other = other.expect("a connection is left").unwrap();
            assert!(matches!(other, Claimed::First(_)));
        }
        for _ in 0..50 {
            assert!(waiting_for(&watches, &first).await <= may_wait);
        }
        tx.complete(RECORD, KEEP).await.unwrap();
        for claimed in duplicates.join_all().await {
            assert_eq!(claimed, Claimed::Completed(RECORD));
        }
    }
}

/// The same where it is another process that has the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_another_process_has_is_no_outage() {
    let (one, two) = (store(1).await, store(2).await.wait(Duration::from_mins(1)));
    let first = claim();
    let Begun::First(tx) = one.begin(&first).await.unwrap() else { panic!() };
    let charges = Idempotent::at_least_once(two).store_limit(Duration::from_secs(3));
    let charges = charges.wait(Duration::from_millis(400));
    let run = async || {
        let effect = async |_| Ok::<_, std::convert::Infallible>("second");
        charges.run(first.key, first.fingerprint, effect).await
    };
    let error = run().await.unwrap_err();
    assert!(matches!(error, RunError::NotRun(NotRun::Running { .. })), "{error:?}");
    tx.complete(RECORD, KEEP).await.unwrap();
    assert_eq!(*run().await.unwrap().record(), RECORD);
}

/// A claim that the session's own limit of time breaks off has waited for another as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_broken_off_is_no_outage() {
    let one = store(1).await;
    let options = pg_options(shared()).options([("statement_timeout", "50")]);
    let two = PgStore::new(pg_pool_options(1).connect_with(options).await.unwrap());
    let first = claim();
    let Begun::First(tx) = one.begin(&first).await.unwrap() else { panic!() };
    let begun = two.begin(&again(&first)).await.unwrap();
    assert!(matches!(begun, Begun::Running { left: None }), "{begun:?}");
    let claimed = two.claim(&again(&first)).await.unwrap();
    assert!(matches!(claimed, Claimed::Running { .. }), "{claimed:?}");
    tx.complete(RECORD, KEEP).await.unwrap();
}

/// A pool that has no connection for it holds no call for longer than the limit.
#[tokio::test]
async fn a_pool_that_is_used_up_is_unavailable_in_time() {
    let store = store(1).await.wait(Duration::from_millis(50));
    let one = store.pool().acquire().await.unwrap();
    let limit = Duration::from_secs(10);
    let begun = timeout(limit, store.begin(&claim())).await.expect("it has a limit");
    assert_eq!(begun.unwrap_err().kind(), TxErrorKind::Unavailable);
    let claimed = timeout(limit, store.claim(&claim())).await.expect("it has a limit");
    assert_eq!(claimed.unwrap_err().kind(), StoreErrorKind::Unavailable);
    drop(one);
}

/// Scenario 28: one that waits for another process has a connection, and gives it back at the limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_of_another_process_gives_its_connection_back() {
    let (one, two) = (store(2).await, store(1).await.wait(Duration::from_millis(300)));
    let first = claim();
    let Begun::First(tx) = one.begin(&first).await.unwrap() else { panic!() };
    for _ in 0..2 {
        let begun = two.begin(&again(&first)).await.unwrap();
        assert!(matches!(begun, Begun::Running { left: None }), "{begun:?}");
        // The plain store waits no longer either.
        let claimed = two.claim(&again(&first)).await.unwrap();
        assert!(matches!(claimed, Claimed::Running { .. }), "{claimed:?}");
        assert!(matches!(two.claim(&claim()).await.unwrap(), Claimed::First(_)));
    }
    tx.complete(RECORD, KEEP).await.unwrap();
}

/// The limit is for the claim: what the effect may wait for is as it was.
#[tokio::test]
async fn the_limit_of_locks_is_put_back() {
    let store = store(2).await;
    let limit = async |connection: &mut PgConnection| -> String {
        sqlx::query_scalar("SHOW lock_timeout").fetch_one(connection).await.unwrap()
    };
    let first = claim();
    let mut tx = store.pool().begin().await.unwrap();
    sqlx::query("SET LOCAL lock_timeout = '1234ms'").execute(&mut *tx).await.unwrap();
    for claim in [claim(), first.clone(), first.clone()] {
        let begun = store.join(&mut tx, &claim).await.unwrap();
        assert!(matches!(begun, Begun::First(_)));
        assert_eq!(limit(&mut tx).await, "1234ms");
    }
    tx.commit().await.unwrap();
    let mut tx = store.pool().begin().await.unwrap();
    let _ = store.join(&mut tx, &again(&first)).await.unwrap();
    assert_eq!(limit(&mut tx).await, "0");
    let Claimed::First(held) = store.claim(&claim()).await.unwrap() else { panic!() };
    for completes in [true, false] {
        sqlx::query("SET LOCAL lock_timeout = '1234ms'").execute(&mut *tx).await.unwrap();
        let completed = store.complete_in(&mut tx, &held, RECORD, KEEP).await;
        assert_eq!(completed.is_ok(), completes);
        assert_eq!(limit(&mut tx).await, "1234ms");
    }
}

/// Scenario 18: what time it is does not stand still in a transaction.
#[tokio::test]
async fn time_goes_on_in_a_long_transaction() {
    let store = store(4).await;
    let mut dead = claim();
    dead.lease = Duration::from_millis(200);
    dead.keep = dead.lease;
    let Claimed::First(before) = store.claim(&dead).await.unwrap() else { panic!() };
    let mut tx = store.pool().begin().await.unwrap();
    let sleep = "SELECT pg_sleep(0.5)";
    sqlx::query(sleep).execute(&mut *tx).await.unwrap();
    // By the time when the transaction began the key is held.
    let Begun::First(joined) = store.join(&mut tx, &again(&dead)).await.unwrap() else { panic!() };
    assert!(joined.fence() > before.fence);
    let keep = Duration::from_millis(400);
    sqlx::query(sleep).execute(&mut *tx).await.unwrap();
    joined.complete(&mut tx, RECORD, keep).await.unwrap();
    tx.commit().await.unwrap();
    // By that time this has expired long ago.
    let replay = store.claim(&again(&dead)).await.unwrap();
    assert_eq!(replay, Claimed::Completed(RECORD));
}

/// A replay writes nothing, so that nothing has to be flushed for it: not even a lock on the row.
#[tokio::test]
async fn what_is_not_granted_writes_nothing() {
    let store = store(2).await;
    let (done, held) = (claim(), claim());
    let Begun::First(tx) = store.begin(&done).await.unwrap() else { panic!() };
    tx.complete(RECORD, KEEP).await.unwrap();
    store.claim(&held).await.unwrap();
    let mut tx = store.pool().begin().await.unwrap();
    let begun = store.join(&mut tx, &again(&done)).await.unwrap();
    assert!(matches!(begun, Begun::Replay(_)));
    let begun = store.join(&mut tx, &again(&held)).await.unwrap();
    assert!(matches!(begun, Begun::Running { left: Some(_) }));
    let id: Option<String> = sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned()::text")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(id, None);
}

/// Scenario 23: a sweeper leaves alone what somebody is just taking, and waits for nobody.
#[tokio::test]
async fn a_sweeper_leaves_alone_what_is_being_taken() {
    let store = store(4).await;
    let mut dead = claim();
    dead.lease = Duration::from_millis(50);
    dead.keep = dead.lease;
    store.claim(&dead).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let next = again(&dead);
    let Begun::First(tx) = store.begin(&next).await.unwrap() else { panic!() };
    timeout(Duration::from_secs(2), store.sweep(1000)).await.expect("it waits").unwrap();
    tx.complete(RECORD, KEEP).await.unwrap();
    store.sweep(1000).await.unwrap();
    assert_eq!(store.claim(&again(&dead)).await.unwrap(), Claimed::Completed(RECORD));
}
