use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use mainstay_idempotency::{
    AfterFailure, AtLeastOnce, Done, Fingerprint, Grant, Idempotent, Key, NotRun, NotStored,
    RunError, Scope, StoreErrorKind,
};
use tokio::time::{Instant, sleep};

use super::faulty::{Call, Fault, Faulty, dies_after};

pub(super) const LEASE: Duration = Duration::from_secs(30);

pub(super) fn key(name: &str) -> Key {
    Key::new(&Scope::everybody(), name).unwrap()
}

pub(super) fn asked() -> Fingerprint {
    Fingerprint::of([&b"asked"[..]])
}

fn service() -> (Faulty, Idempotent<Faulty>) {
    let store = Faulty::default();
    (store.clone(), Idempotent::at_least_once(store))
}

async fn run(
    service: &Idempotent<Faulty>,
    record: &'static str,
) -> Result<Done, RunError<Infallible>> {
    service.run(key("k"), asked(), async |_| Ok(record)).await
}

fn ran(record: &'static str) -> Done {
    Done::Ran(record.into())
}

fn replayed(record: &'static str) -> Done {
    Done::Replayed(record.into())
}

#[tokio::test(start_paused = true)]
async fn an_effect_is_run_once_and_replayed() {
    let (store, service) = service();
    assert_eq!(run(&service, "done").await.unwrap(), ran("done"));
    for _ in 0..3 {
        assert_eq!(run(&service, "again").await.unwrap(), replayed("done"));
    }
    assert_eq!((store.calls(Call::Claim), store.calls(Call::Complete)), (4, 1));
    let other =
        service.run(key("k"), Fingerprint::of([]), async |_| Ok::<_, Infallible>("x")).await;
    assert!(matches!(other, Err(RunError::NotRun(NotRun::Reused))));
    sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(run(&service, "tomorrow").await.unwrap(), ran("tomorrow"));
}

/// It can be spawned, with the store and the effect in it.
#[tokio::test(start_paused = true)]
async fn tries_at_the_same_time_share_one_effect() {
    let (_, service) = service();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let service = service.clone();
        tries.spawn(async move {
            let effect = async |_| {
                sleep(Duration::from_secs(3)).await;
                Ok::<_, Infallible>("done")
            };
            service.run(key("k"), asked(), effect).await.unwrap()
        });
    }
    let done = tries.join_all().await;
    assert_eq!(done.iter().filter(|done| !done.is_replayed()).count(), 1);
    assert!(done.iter().all(|done| done.record() == "done"));
}

/// An effect may take longer than the lease, and nobody takes it over meanwhile.
#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_effect_runs() {
    let (store, service) = service();
    let slow = service.run(key("k"), asked(), async |grant| {
        sleep(10 * LEASE).await;
        Ok::<_, Infallible>(if grant.lost().is_cancelled() { "lost" } else { "done" })
    });
    let others = async {
        let impatient = service.clone().wait(Duration::ZERO);
        for _ in 0..29 {
            sleep(LEASE / 3).await;
            match run(&impatient, "other").await {
                Err(RunError::NotRun(NotRun::Running { left })) => assert!(left <= LEASE),
                other => panic!("{other:?}"),
            }
        }
    };
    let (slow, ()) = tokio::join!(slow, others);
    assert_eq!(slow.unwrap(), ran("done"));
    // At each third, the last of them when the effect ends.
    assert!((29..=30).contains(&store.calls(Call::Renew)), "{}", store.calls(Call::Renew));
}

/// Scenarios 3, 4 and 8: answers that are lost, of each call, and more than once.
#[tokio::test(start_paused = true)]
async fn lost_answers_change_nothing() {
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::Hangs, Fault::ReplyHangs] {
        let (store, service) = service();
        for call in [Call::Claim, Call::Complete, Call::Renew, Call::Release] {
            store.plan(call, [fault, fault]);
        }
        let count = Cell::new(0);
        let effect = async |_| {
            sleep(LEASE).await;
            count.set(count.get() + 1);
            Ok::<_, Infallible>("done")
        };
        assert_eq!(service.run(key("k"), asked(), effect).await.unwrap(), ran("done"), "{fault:?}");
        assert_eq!(run(&service, "again").await.unwrap(), replayed("done"));
        assert_eq!((count.get(), store.calls(Call::Complete)), (1, 3));

        let fails = async |_| Err::<&str, _>("no");
        assert!(service.run(key("l"), asked(), fails).await.is_err());
        assert_eq!(store.calls(Call::Release), 3);
        assert!(
            !service
                .run(key("l"), asked(), async |_| Ok::<_, Infallible>(""))
                .await
                .unwrap()
                .is_replayed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_run_without_the_store() {
    for fault in [Fault::Refused, Fault::Hangs] {
        let (store, service) = service();
        store.all(fault);
        let began = Instant::now();
        match run(&service, "done").await {
            Err(RunError::NotRun(NotRun::Store(error))) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            }
            other => panic!("{other:?}"),
        }
        assert!(began.elapsed() <= Duration::from_secs(5));
    }
}

/// The effect has happened and its record is nowhere: the caller is given it, and the next try runs
/// when the lease ends, and not before.
#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_stored_is_given_back() {
    let (store, service) = service();
    store.plan(Call::Complete, [Fault::Refused; 4]);
    match run(&service, "done").await {
        Err(RunError::NotStored(not_stored @ NotStored::Store { .. })) => {
            assert_eq!(not_stored.record(), "done");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(run(&service, "x").await, Err(RunError::NotRun(NotRun::Running { .. }))));
    sleep(LEASE).await;
    assert_eq!(run(&service, "again").await.unwrap(), ran("again"));
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_waits_for_so_long_and_no_longer() {
    let (_, service) = service();
    let began = Instant::now();
    let slow = service.run(key("k"), asked(), async |_| {
        sleep(Duration::from_secs(7)).await;
        Ok::<_, Infallible>("done")
    });
    let impatient = async {
        sleep(Duration::from_millis(1)).await;
        let wait = Duration::from_secs(2);
        let refused = run(&service.clone().wait(wait), "x").await;
        let waited = began.elapsed();
        assert!(matches!(refused, Err(RunError::NotRun(NotRun::Running { .. }))));
        assert!(waited >= wait && waited < wait + Duration::from_millis(10), "{waited:?}");
        let refused = run(&service.clone().wait(Duration::ZERO), "x").await;
        assert!(matches!(refused, Err(RunError::NotRun(NotRun::Running { .. }))));
        // And the other five seconds.
        assert_eq!(
            run(&service.clone().wait(Duration::from_secs(6)), "x").await.unwrap(),
            replayed("done")
        );
        assert!(began.elapsed() < Duration::from_millis(7300), "{:?}", began.elapsed());
    };
    let (slow, ()) = tokio::join!(slow, impatient);
    assert_eq!(slow.unwrap(), ran("done"));
}

/// I6: one that waits for a dead owner runs as soon as its lease ends.
#[tokio::test(start_paused = true)]
async fn a_dead_owner_delays_others_until_its_lease_ends() {
    let (_, service) = service();
    let began = Instant::now();
    let dead = service.run(key("k"), asked(), async |_| {
        sleep(LEASE).await;
        Ok::<_, Infallible>("never")
    });
    assert!(dies_after(Duration::from_secs(12), dead).await.is_none());
    // It was renewed after ten seconds.
    let patient = service.clone().wait(2 * LEASE);
    let effect = async |grant: Grant| {
        assert!(grant.taken_over());
        Ok::<_, Infallible>("done")
    };
    assert_eq!(patient.run(key("k"), asked(), effect).await.unwrap(), ran("done"));
    let ended = Duration::from_secs(10) + LEASE;
    assert!(began.elapsed() >= ended && began.elapsed() < ended + Duration::from_millis(10));
}

/// Scenario 14, and that of those who must not run twice.
#[tokio::test(start_paused = true)]
async fn after_an_error_the_key_is_free_or_not_as_the_policy_says() {
    let fails = async |_| Err::<&str, _>("no");
    let (_, service) = service();
    for _ in 0..3 {
        assert!(matches!(service.run(key("k"), asked(), fails).await, Err(RunError::Failed("no"))));
    }
    assert_eq!(run(&service, "done").await.unwrap(), ran("done"));

    let leaves = service.clone().after_error(AfterFailure::Leave).wait(Duration::ZERO);
    assert!(leaves.run(key("l"), asked(), fails).await.is_err());
    let next = leaves.run(key("l"), asked(), fails).await;
    assert!(matches!(next, Err(RunError::NotRun(NotRun::Running { .. }))));
    sleep(LEASE).await;
    assert!(matches!(leaves.run(key("l"), asked(), fails).await, Err(RunError::Failed("no"))));

    let once = Idempotent::at_most_once(Faulty::default()).wait(Duration::ZERO);
    assert!(matches!(once.run(key("k"), asked(), fails).await, Err(RunError::Failed("no"))));
    sleep(LEASE).await;
    let next = once.run(key("k"), asked(), fails).await;
    assert!(matches!(next, Err(RunError::NotRun(NotRun::Abandoned))));
    let releases = once.after_error(AfterFailure::Release);
    for _ in 0..2 {
        assert!(matches!(
            releases.run(key("l"), asked(), fails).await,
            Err(RunError::Failed("no"))
        ));
    }
}

/// What became of a try that has died is not known any better after one that has failed.
#[tokio::test(start_paused = true)]
async fn a_takeover_is_told_of_until_there_is_a_record() {
    let (store, service) = service();
    let fails = async |grant: Grant| {
        sleep(Duration::from_secs(1)).await;
        Err::<&str, _>(grant.taken_over())
    };
    let dead = service.run(key("k"), asked(), fails);
    assert!(dies_after(Duration::from_millis(500), dead).await.is_none());
    sleep(LEASE).await;
    for _ in 0..3 {
        let failed = service.run(key("k"), asked(), fails).await;
        assert!(matches!(failed, Err(RunError::Failed(true))), "{failed:?}");
    }
    assert_eq!(store.calls(Call::Release), 0);
    assert_eq!(run(&service, "done").await.unwrap(), ran("done"));
}

async fn panics(service: Idempotent<Faulty, AtLeastOnce>, at_once: bool) {
    let effect = move |_| {
        assert!(!at_once, "before there is a future");
        async {
            sleep(Duration::from_secs(1)).await;
            panic!("in the middle of it");
            #[expect(unreachable_code)]
            Ok::<_, Infallible>("never")
        }
    };
    let task = tokio::spawn(async move { service.run(key("k"), asked(), effect).await });
    assert!(task.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_the_key_is_left_or_free_as_the_policy_says() {
    for at_once in [true, false] {
        let (_, service) = service();
        panics(service.clone(), at_once).await;
        assert!(matches!(run(&service, "x").await, Err(RunError::NotRun(NotRun::Running { .. }))));
        sleep(LEASE).await;
        assert_eq!(run(&service, "done").await.unwrap(), ran("done"));

        let service = self::service().1.after_panic(AfterFailure::Release);
        panics(service.clone(), at_once).await;
        assert_eq!(run(&service, "done").await.unwrap(), ran("done"));
    }
}

/// Wherever a try is dropped, the next one runs or is given the record, at the latest when the
/// lease ends; and no effect that was completed is run again.
#[tokio::test(start_paused = true)]
async fn a_try_may_be_dropped_anywhere() {
    let step = Duration::from_millis(10);
    for after in 0..12 {
        let (store, service) = service();
        for call in [Call::Claim, Call::Complete] {
            store.plan(call, [Fault::Slow(step * 2)]);
        }
        let slow = service.run(key("k"), asked(), async |_| {
            sleep(step * 3).await;
            Ok::<_, Infallible>("first")
        });
        let dropped = dies_after(step * after + step / 2, slow).await;
        let began = Instant::now();
        let next = run(&service.clone().wait(2 * LEASE), "second").await.unwrap();
        // The record arrives at the store after claiming (4), the effect (3) and its way (2).
        assert_eq!(next, if after < 9 { ran("second") } else { replayed("first") }, "{after}");
        assert_eq!(dropped.is_some(), after >= 11);
        // The record of the next has as slow a way if that of the first was never sent.
        assert!(began.elapsed() <= LEASE + step * 5);
    }
}

/// At most once a claim that nobody has heard of would be in the way of all tries after it, though
/// nothing has run.
#[tokio::test(start_paused = true)]
async fn a_claim_that_nobody_has_heard_of_is_given_back() {
    let step = Duration::from_millis(100);
    for fault in [Fault::ReplyLost, Fault::ReplyHangs, Fault::Slow(step)] {
        let store = Faulty::default();
        let service = Idempotent::at_most_once(store.clone());
        store.plan(Call::Claim, [fault; 8]);
        store.plan(Call::Release, [Fault::Refused; 4]);
        let first = service.run(key("k"), asked(), async |_| Ok::<_, Infallible>("first"));
        // The first is dropped while it claims, or is told that the store does not answer.
        assert!(!matches!(dies_after(step * 3 / 2, first).await, Some(Ok(_))), "{fault:?}");
        sleep(LEASE).await;
        let next = service.run(key("k"), asked(), async |_| Ok::<_, Infallible>("next")).await;
        assert_eq!(next.unwrap(), ran("next"), "{fault:?}");
    }
}

/// Where there is nobody to give it back, and where there was no claim, nothing is done.
#[test]
fn outside_of_a_runtime_a_try_may_be_dropped() {
    let store = Faulty::default();
    let service = Idempotent::at_most_once(store.clone());
    store.all(Fault::ReplyHangs);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut first = Box::pin(service.begin(key("k"), asked()));
    let polled = runtime.block_on(std::future::poll_fn(|cx| {
        std::task::Poll::Ready(first.as_mut().poll(cx).is_ready())
    }));
    assert!(!polled);
    drop(first);
    assert_eq!(store.calls(Call::Claim), 1);
}
