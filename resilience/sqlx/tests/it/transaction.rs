//! Claim, effect and answer in one transaction.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Idempotent, NotRun, Renewal, RunError, Store};
use mainstay_sqlx::{Begun, PgStore, Settled, SqliteStore, TxError, TxErrorKind};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{File, KEEP, Rows, again, claim, pg_pool, shared};

const RECORD: Bytes = Bytes::from_static(b"record");

/// The same test on both: `$name(two handles)`.
macro_rules! on_each {
    ($($name:ident)+) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let file = File::new();
                $name!(SqliteStore, file.store().await, file.store().await);
            })+
        }
        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let store = async || {
                    let store = PgStore::new(pg_pool(shared(), 4).await);
                    store.make_rows().await;
                    store
                };
                $name!(PgStore, store().await, store().await);
            })+
        }
    };
}

/// 64 tries at once, on two handles: one effect, and all are given its record.
macro_rules! many_duplicates_make_one_effect {
    ($store:ty, $one:expr, $two:expr) => {{
        let limit = Duration::from_mins(1);
        let stores = [$one.wait(limit), $two.wait(limit)];
        let first = claim();
        let start = Arc::new(Barrier::new(64));
        let mut tries = JoinSet::new();
        for number in 0..64 {
            let (store, claim, start) = (stores[number % 2].clone(), again(&first), start.clone());
            tries.spawn(async move {
                start.wait().await;
                match store.begin(&claim).await.unwrap() {
                    Begun::First(mut tx) => {
                        <$store>::add(&mut tx, &claim).await.unwrap();
                        let record = Bytes::from(number.to_string());
                        tx.complete(record.clone(), KEEP).await.unwrap();
                        (record, true)
                    }
                    Begun::Replay(record) => (record, false),
                    other => panic!("{other:?}"),
                }
            });
        }
        let answers = tries.join_all().await;
        assert_eq!(answers.iter().filter(|(_, first)| *first).count(), 1);
        assert!(answers.iter().all(|(record, _)| *record == answers[0].0), "{answers:?}");
        assert_eq!(stores[0].count(&first).await, 1);
    }};
}

/// Scenarios 5 to 7: nothing is left of a transaction that is dropped, and all of one that is
/// committed. Fences rise.
macro_rules! all_or_nothing {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = claim();
        let Begun::First(mut tx) = one.begin(&claim).await.unwrap() else { panic!() };
        let watch = tx.watch();
        <$store>::add(&mut tx, &claim).await.unwrap();
        assert_eq!(watch.check().unwrap_err().kind(), TxErrorKind::NotCompleted, "not yet");
        drop(tx);
        assert_eq!(watch.check().unwrap_err().kind(), TxErrorKind::NotCompleted);

        let Begun::First(mut tx) = two.begin(&again(&claim)).await.unwrap() else { panic!() };
        let watch = tx.watch();
        <$store>::add(&mut tx, &claim).await.unwrap();
        tx.roll_back().await.unwrap();
        watch.check().unwrap();
        assert_eq!(one.count(&claim).await, 0);

        let Begun::First(mut tx) = one.begin(&claim).await.unwrap() else { panic!() };
        let (watch, held) = (tx.watch(), *tx.held());
        assert_eq!(tx.fence(), held.fence);
        <$store>::add(tx.as_mut(), &claim).await.unwrap();
        tx.complete(RECORD, KEEP).await.unwrap();
        watch.check().unwrap();
        assert_eq!(one.settle(&held).await.unwrap(), Settled::Stored(RECORD));
        for store in [&one, &two] {
            for claim in [claim.clone(), again(&claim)] {
                let begun = store.begin(&claim).await.unwrap();
                assert!(matches!(&begun, Begun::Replay(it) if *it == RECORD), "{begun:?}");
                // Outside of transactions too.
                assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed(RECORD));
            }
        }
        assert_eq!(two.count(&claim).await, 1);
        let mut other = again(&claim);
        other.fingerprint = mainstay_idempotency::Fingerprint::of([&b"other"[..]]);
        assert!(matches!(two.begin(&other).await.unwrap(), Begun::Reused));
    }};
}

/// A duplicate waits for the one before, in this process and in another, and not for ever.
macro_rules! duplicates_wait_within_their_limit {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one.wait(Duration::from_millis(200)), $two);
        let claim = claim();
        let Begun::First(mut tx) = one.begin(&claim).await.unwrap() else { panic!() };
        <$store>::add(&mut tx, &claim).await.unwrap();
        let begun = one.begin(&again(&claim)).await.unwrap();
        assert!(matches!(begun, Begun::Running { left: None }), "{begun:?}");

        let (waits, next) = (two.clone(), again(&claim));
        let waiting = tokio::spawn(async move { waits.begin(&next).await });
        tx.complete(RECORD, KEEP).await.unwrap();
        let begun = waiting.await.unwrap().unwrap();
        assert!(matches!(&begun, Begun::Replay(it) if *it == RECORD), "{begun:?}");
    }};
}

/// However long a transaction takes, its claim is there: lease and expiry are for those outside.
macro_rules! a_transaction_may_outlast_its_lease {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let mut claim = claim();
        (claim.lease, claim.keep) = (Duration::from_millis(20), Duration::from_millis(20));
        let Begun::First(mut tx) = one.begin(&claim).await.unwrap() else { panic!() };
        <$store>::add(&mut tx, &claim).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        tx.complete(RECORD, KEEP).await.unwrap();
        assert!(matches!(two.begin(&claim).await.unwrap(), Begun::Replay(_)));
    }};
}

/// What is held outside of transactions is held for those inside as well.
macro_rules! claims_inside_and_outside_meet {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let mut claim = claim();
        claim.lease = Duration::from_millis(300);
        let Claimed::First(held) = one.claim(&claim).await.unwrap() else { panic!() };
        let mut next = again(&claim);
        let begun = two.begin(&next).await.unwrap();
        let Begun::Running { left: Some(left) } = begun else { panic!("{begun:?}") };
        assert!(left <= claim.lease);
        tokio::time::sleep(left + Duration::from_millis(20)).await;
        next.takes_over = false;
        assert!(matches!(two.begin(&next).await.unwrap(), Begun::Abandoned));
        next.takes_over = true;
        let Begun::First(mut tx) = two.begin(&next).await.unwrap() else { panic!() };
        assert!(tx.held().taken_over && tx.fence() > held.fence);
        <$store>::add(&mut tx, &next).await.unwrap();
        tx.complete(RECORD, KEEP).await.unwrap();
        let late = one.complete(&held, Bytes::from_static(b"late"), KEEP).await.unwrap();
        assert_eq!(late, mainstay_idempotency::Completion::Lost(Some(RECORD)));
    }};
}

/// A transaction that was begun before.
macro_rules! a_transaction_is_joined {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two.wait(Duration::from_millis(200)));
        let claim = claim();
        for commits in [false, true] {
            let mut tx = one.begin_by_hand().await;
            let Begun::First(joined) = one.join(&mut tx, &claim).await.unwrap() else { panic!() };
            <$store>::add(&mut tx, &claim).await.unwrap();
            let fence = joined.fence();
            let held = joined.complete(&mut tx, RECORD, KEEP).await.unwrap();
            assert_eq!(fence, held.fence);
            if commits {
                tx.commit().await.unwrap();
                assert_eq!(two.settle(&held).await.unwrap(), Settled::Stored(RECORD));
            } else {
                tx.rollback().await.unwrap();
                assert_eq!(two.settle(&held).await.unwrap(), Settled::NotStored);
            }
            assert_eq!(two.count(&claim).await, i64::from(commits));
        }
        let mut tx = two.begin_by_hand().await;
        let begun = two.join(&mut tx, &again(&claim)).await.unwrap();
        assert!(matches!(&begun, Begun::Replay(it) if *it == RECORD), "{begun:?}");
        tx.rollback().await.unwrap();
    }};
}

/// Two transactions around an effect that is elsewhere: the second is all or nothing, and only for
/// who has the claim still.
macro_rules! a_kept_claim_is_completed_by_a_later_transaction {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = Claim { lease: Duration::from_millis(200), ..claim() };
        let mut tx = one.begin_by_hand().await;
        let Begun::First(joined) = one.join(&mut tx, &claim).await.unwrap() else { panic!() };
        let stale = joined.keep();
        tx.commit().await.unwrap();
        assert_eq!(one.renew(&stale, Duration::from_millis(1)).await.unwrap(), Renewal::Renewed);

        // Another takes it over.
        let held = loop {
            let mut tx = two.begin_by_hand().await;
            let begun = two.join(&mut tx, &again(&claim)).await.unwrap();
            tx.commit().await.unwrap();
            if let Begun::First(joined) = begun {
                break joined.keep();
            }
        };
        assert!(held.taken_over && held.fence > stale.fence);
        let mut tx = one.begin_by_hand().await;
        <$store>::add(&mut tx, &claim).await.unwrap();
        let lost = one.complete_in(&mut tx, &stale, RECORD, KEEP).await.unwrap_err();
        assert_eq!(lost.kind(), TxErrorKind::Lost);
        tx.rollback().await.unwrap();

        for commits in [false, true] {
            let mut tx = two.begin_by_hand().await;
            <$store>::add(&mut tx, &claim).await.unwrap();
            two.complete_in(&mut tx, &held, RECORD, KEEP).await.unwrap();
            if commits { tx.commit().await } else { tx.rollback().await }.unwrap();
            assert_eq!(one.count(&claim).await, i64::from(commits));
        }
        let replayed = one.claim(&again(&claim)).await.unwrap();
        assert_eq!(replayed, Claimed::Completed(RECORD));
        let mut tx = two.begin_by_hand().await;
        let twice = two.complete_in(&mut tx, &held, RECORD, KEEP).await.unwrap_err();
        assert_eq!(twice.kind(), TxErrorKind::Lost);
    }};
}

/// A nonce that asks for something else is not the holder's, who goes on undisturbed.
macro_rules! a_holder_that_asks_for_something_else_is_told {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = claim();
        let mut other = claim.clone();
        other.fingerprint = mainstay_idempotency::Fingerprint::of([&b"other"[..]]);
        let Claimed::First(held) = one.claim(&claim).await.unwrap() else { panic!() };
        assert_eq!(two.claim(&other).await.unwrap(), Claimed::Reused);
        assert!(matches!(two.begin(&other).await.unwrap(), Begun::Reused));
        assert_eq!(one.claim(&claim).await.unwrap(), Claimed::First(held));
        let duplicate = two.claim(&again(&claim)).await.unwrap();
        assert!(matches!(duplicate, Claimed::Running { .. }), "{duplicate:?}");
        // Nor when its lease has ended.
        one.renew(&held, Duration::from_millis(1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(two.claim(&other).await.unwrap(), Claimed::Reused);
        assert_eq!(one.claim(&claim).await.unwrap(), Claimed::First(held));
    }};
}

/// A key that a transaction has is said to be in use to one outside of transactions, however long
/// the store may wait and however soon a call is given up: it is no outage.
macro_rules! a_key_that_a_transaction_has_is_no_outage {
    ($store:ty, $one:expr, $two:expr) => {{
        let store = $one.wait(Duration::from_mins(1));
        let first = claim();
        let Begun::First(mut tx) = store.begin(&first).await.unwrap() else { panic!() };
        <$store>::add(&mut tx, &first).await.unwrap();
        let charges = Idempotent::at_least_once(store.clone());
        let charges = charges.wait(Duration::from_millis(400)).store_limit(Duration::from_secs(3));
        let run = async || {
            let effect = async |_| Ok::<_, std::convert::Infallible>("second");
            charges.run(first.key, first.fingerprint, effect).await
        };
        let error = run().await.unwrap_err();
        assert!(matches!(error, RunError::NotRun(NotRun::Running { .. })), "{error:?}");
        tx.complete(RECORD, KEEP).await.unwrap();
        assert_eq!(*run().await.unwrap().record(), RECORD);
    }};
}

/// The effect of a closure is all or nothing too.
macro_rules! a_closure_is_run_once {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = claim();
        let failed = one.run(&claim, async |tx| {
            <$store>::add(tx.as_mut(), &claim).await?;
            Err::<Bytes, _>(TxError::from(sqlx::Error::RowNotFound))
        });
        let error = failed.await.unwrap_err();
        assert!(error.kind() == TxErrorKind::NotStored && !error.is_retryable(), "{error:?}");
        assert_eq!(two.count(&claim).await, 0);
        for (store, is_first) in [(&one, true), (&one, false), (&two, false)] {
            let claim = again(&claim);
            let begun = store.run(&claim, async |tx| {
                <$store>::add(tx.as_mut(), &claim).await?;
                Ok::<_, TxError>(RECORD)
            });
            let begun = begun.await.unwrap();
            assert_eq!(matches!(&begun, Begun::First(it) if *it == RECORD), is_first, "{begun:?}");
            assert_eq!(matches!(&begun, Begun::Replay(it) if *it == RECORD), !is_first);
        }
        assert_eq!(two.count(&claim).await, 1);
    }};
}

/// Who asks about a transaction that is still open is answered in time.
macro_rules! asking_has_an_end {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two.wait(Duration::from_millis(300)));
        let Begun::First(tx) = one.begin(&claim()).await.unwrap() else { panic!() };
        // Much more than it is to take, and less than all tries of their own would.
        let settled = timeout(Duration::from_secs(4), two.settle(tx.held())).await;
        let error = settled.expect("it has a limit").unwrap_err();
        assert_eq!(error.kind(), TxErrorKind::Unavailable, "{error:?}");
    }};
}

/// The claim is completed once, and by its own transaction.
macro_rules! an_effect_that_deletes_its_claim_is_rolled_back {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = claim();
        let Begun::First(mut tx) = one.begin(&claim).await.unwrap() else { panic!() };
        <$store>::add(&mut tx, &claim).await.unwrap();
        let delete = sqlx::query("DELETE FROM mainstay_idempotency WHERE key = $1");
        delete.bind(claim.key.as_bytes().as_slice()).execute(&mut *tx).await.unwrap();
        let error = tx.complete(RECORD, KEEP).await.unwrap_err();
        assert_eq!(error.kind(), TxErrorKind::Lost);
        assert_eq!(two.count(&claim).await, 0);
    }};
}

/// A transaction that is given up at any moment holds up nobody.
macro_rules! a_begin_that_is_dropped_holds_up_nobody {
    ($store:ty, $one:expr, $two:expr) => {{
        let (one, two) = ($one, $two);
        let claim = claim();
        for polls in 0..40 {
            let mut begin = Box::pin(one.begin(&claim));
            for _ in 0..polls {
                tokio::select! {
                    biased;
                    _ = &mut begin => break,
                    () = tokio::task::yield_now() => {}
                }
            }
        }
        let claim = again(&claim);
        let Begun::First(mut tx) = two.begin(&claim).await.unwrap() else { panic!() };
        <$store>::add(&mut tx, &claim).await.unwrap();
        tx.complete(RECORD, KEEP).await.unwrap();
        // What is written on the pool of the dropped ones is committed, and seen by others.
        for _ in 0..8 {
            let next = crate::support::claim();
            let Claimed::First(held) = one.claim(&next).await.unwrap() else { panic!() };
            let repeat = two.claim(&next).await.unwrap();
            assert_eq!(repeat, Claimed::First(held));
        }
        assert_eq!(one.count(&claim).await, 1);
    }};
}

on_each!(
    many_duplicates_make_one_effect
    all_or_nothing
    duplicates_wait_within_their_limit
    claims_inside_and_outside_meet
    a_transaction_is_joined
    a_kept_claim_is_completed_by_a_later_transaction
    a_holder_that_asks_for_something_else_is_told
    asking_has_an_end
    a_key_that_a_transaction_has_is_no_outage
    a_closure_is_run_once
    an_effect_that_deletes_its_claim_is_rolled_back
    a_transaction_may_outlast_its_lease
    a_begin_that_is_dropped_holds_up_nobody
);
