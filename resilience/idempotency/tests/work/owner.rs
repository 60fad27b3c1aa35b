use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Begun, Done, Idempotent, NotRun, NotStored, Owner, Renewal, StoreErrorKind,
};
use tokio::time::{Instant, sleep, timeout};

use super::faulty::{Call, Fault, Faulty};
use super::run::{LEASE, asked, key};

async fn begin(service: &Idempotent<Faulty>) -> Owner<Faulty> {
    match service.begin(key("k"), asked()).await.unwrap() {
        Begun::First(owner) => owner,
        Begun::Replay(record) => panic!("replayed {record:?}"),
    }
}

fn service() -> (Faulty, Idempotent<Faulty>) {
    let store = Faulty::default();
    (store.clone(), Idempotent::at_least_once(store).wait(Duration::ZERO))
}

#[tokio::test(start_paused = true)]
async fn two_steps_are_a_claim_and_its_end() {
    let (_, service) = service();
    let first = begin(&service).await;
    let fence = first.fence();
    assert!(!first.grant().taken_over() && first.grant().key() == key("k"));
    assert!(matches!(service.begin(key("k"), asked()).await, Err(NotRun::Running { .. })));
    first.release().await.unwrap();

    let second = begin(&service).await;
    assert!(second.fence() > fence);
    assert_eq!(second.complete("done").await.unwrap(), Done::Ran("done".into()));
    match service.begin(key("k"), asked()).await.unwrap() {
        Begun::Replay(record) => assert_eq!(record, "done"),
        Begun::First(owner) => panic!("{owner:?}"),
    }
}

/// Scenario 11: from the call on that was last answered, and before the lease ends at the store.
#[tokio::test(start_paused = true)]
async fn the_owner_learns_that_its_lease_may_end_before_it_does() {
    for fault in [Fault::Refused, Fault::Hangs, Fault::ReplyHangs] {
        let (store, service) = service();
        let way = Duration::from_millis(500);
        store.plan(Call::Claim, [Fault::Slow(way)]);
        let began = Instant::now();
        let mut owner = begin(&service).await;
        assert_eq!(owner.left() + 2 * way, LEASE / 10 * 9);
        // Almost as slow as it may be: what is counted from is when it was asked.
        store.plan(Call::Renew, [Fault::Slow(LEASE / 13)]);
        store.all(fault);
        let lost = owner.grant().lost().clone();
        owner.during(timeout(10 * LEASE, lost.cancelled())).await.unwrap();
        // The claim was renewed after a third, and then no more.
        let asked_last = LEASE / 3;
        let learnt = began.elapsed();
        assert!(learnt >= asked_last + LEASE / 10 * 8 && learnt <= asked_last + LEASE / 10 * 9);
        assert_eq!(owner.left(), Duration::ZERO);
        assert!(store.calls(Call::Renew) >= 4, "{fault:?}: {}", store.calls(Call::Renew));
    }
}

/// An outage that is over in time is no loss.
#[tokio::test(start_paused = true)]
async fn a_short_outage_costs_nothing() {
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::Hangs, Fault::ReplyHangs] {
        let (store, service) = service();
        let mut owner = begin(&service).await;
        store.plan(Call::Renew, [fault; 2]);
        owner.during(sleep(5 * LEASE)).await;
        assert!(!owner.grant().lost().is_cancelled());
        assert_eq!(owner.complete("done").await.unwrap(), Done::Ran("done".into()));
    }
}

/// One that is not is told of, and the claim is then kept from others who have not come yet.
#[tokio::test(start_paused = true)]
async fn renewals_go_on_after_an_outage_that_was_longer_than_the_lease() {
    let (store, service) = service();
    let mut owner = begin(&service).await;
    store.plan(Call::Renew, [Fault::Refused; 20]);
    owner.during(sleep(5 * LEASE)).await;
    assert!(owner.grant().lost().is_cancelled(), "it may have been lost meanwhile");
    assert!(owner.left() > Duration::ZERO);
    assert!(matches!(service.begin(key("k"), asked()).await, Err(NotRun::Running { .. })));
    assert_eq!(owner.complete("done").await.unwrap(), Done::Ran("done".into()));
}

/// The effect goes on when its claim is lost, but it is told, and nothing is renewed any more.
#[tokio::test(start_paused = true)]
async fn what_is_lost_is_not_renewed() {
    let (store, service) = service();
    let mut owner = begin(&service).await;
    sleep(LEASE).await;
    let other = begin(&service).await;
    assert!(other.grant().taken_over() && other.fence() > owner.fence());
    owner.during(sleep(LEASE)).await;
    assert!(owner.grant().lost().is_cancelled() && !other.grant().lost().is_cancelled());
    assert!(store.calls(Call::Renew) <= 1);
}

/// Scenario 20: a store that has lost the claim says so at the next renewal.
#[tokio::test(start_paused = true)]
async fn the_owner_learns_that_the_store_has_lost_its_claim() {
    let (store, service) = service();
    let mut owner = begin(&service).await;
    store.lose_all();
    let began = Instant::now();
    let lost = owner.grant().lost().clone();
    owner.during(timeout(10 * LEASE, lost.cancelled())).await.unwrap();
    assert!(began.elapsed() <= LEASE / 3 && store.calls(Call::Renew) == 1);
    let other = begin(&service).await;
    assert!(other.fence() > owner.fence());
    match owner.complete("lost").await {
        Err(NotStored::Lost(record)) => assert_eq!(record, "lost"),
        other => panic!("{other:?}"),
    }
}

/// Scenarios 9 and 10: a process that was paused past its lease is too late, and has the answer of
/// the one that took over, if there is one.
#[tokio::test(start_paused = true)]
async fn a_paused_owner_is_too_late() {
    let (_, service) = service();
    let paused = [begin(&service).await];
    sleep(LEASE).await;
    let mut other = begin(&service).await;

    let [mut paused] = paused;
    assert_eq!(paused.renew().await.unwrap(), Renewal::Lost);
    assert!(paused.grant().lost().is_cancelled());
    match paused.complete("paused").await {
        Err(NotStored::Lost(record)) => assert_eq!(record, "paused"),
        other => panic!("{other:?}"),
    }
    assert_eq!(other.renew().await.unwrap(), Renewal::Renewed);

    sleep(LEASE).await;
    let last = begin(&service).await;
    assert_eq!(last.complete("last").await.unwrap(), Done::Ran("last".into()));
    assert_eq!(other.complete("other").await.unwrap(), Done::Replayed("last".into()));
}

/// A record that is a small part of something large does not keep that in memory.
#[tokio::test(start_paused = true)]
async fn a_record_is_kept_without_what_it_was_cut_from() {
    struct Large {
        _alive: Arc<()>,
    }
    impl AsRef<[u8]> for Large {
        fn as_ref(&self) -> &[u8] {
            b"a small part, and all the rest"
        }
    }
    let (_, service) = service();
    let alive = Arc::new(());
    let large = Bytes::from_owner(Large { _alive: alive.clone() });
    let done = begin(&service).await.complete(large.slice(..12)).await.unwrap();
    assert_eq!(done.record(), "a small part");
    drop((large, done));
    assert_eq!(Arc::strong_count(&alive), 1);
    match service.begin(key("k"), asked()).await.unwrap() {
        Begun::Replay(record) => assert_eq!(record, "a small part"),
        Begun::First(owner) => panic!("{owner:?}"),
    }
}

/// An outage when the effect is done does not cost the claim.
#[tokio::test(start_paused = true)]
async fn an_owner_whose_record_was_not_stored_completes_again() {
    let (store, service) = service();
    let mut owner = begin(&service).await;
    store.plan(Call::Complete, [Fault::Refused; 8]);
    for _ in 0..2 {
        match owner.complete("done").await {
            Err(NotStored::Store { record, .. }) => assert_eq!(record, "done"),
            other => panic!("{other:?}"),
        }
        assert_eq!(owner.renew().await.unwrap(), Renewal::Renewed);
    }
    for _ in 0..2 {
        assert_eq!(owner.complete("done").await.unwrap(), Done::Ran("done".into()));
    }
    match service.begin(key("k"), asked()).await.unwrap() {
        Begun::Replay(record) => assert_eq!(record, "done"),
        Begun::First(owner) => panic!("{owner:?}"),
    }
}

/// One that is late but alone has lost nothing.
#[tokio::test(start_paused = true)]
async fn a_late_owner_whom_nobody_has_followed_completes() {
    let (_, service) = service();
    let mut owner = begin(&service).await;
    sleep(2 * LEASE).await;
    assert_eq!(owner.renew().await.unwrap(), Renewal::Renewed);
    sleep(2 * LEASE).await;
    assert_eq!(owner.complete("done").await.unwrap(), Done::Ran("done".into()));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_and_a_release_tell_of_an_outage() {
    let (store, service) = service();
    let mut owner = begin(&service).await;
    store.all(Fault::Hangs);
    assert_eq!(owner.renew().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert!(!owner.grant().lost().is_cancelled(), "it may hold for a while yet");
    assert_eq!(owner.release().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

/// No configuration panics.
#[tokio::test(start_paused = true)]
async fn durations_have_no_limits() {
    for time in [Duration::ZERO, Duration::MAX] {
        let service = Idempotent::at_least_once(Faulty::default());
        let service = service.lease(time).keep(time).wait(time).store_limit(time);
        for _ in 0..2 {
            let effect = async |_| {
                sleep(Duration::from_secs(1)).await;
                Ok::<_, Infallible>("done")
            };
            service.run(key("k"), asked(), effect).await.unwrap();
        }
    }
}
