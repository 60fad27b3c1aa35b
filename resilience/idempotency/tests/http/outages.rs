use std::time::Duration;

use mainstay_idempotency::{IdempotencyLayer, MemoryStore, OnOutage, Scope};

use super::support::*;

const AT_ONCE: Duration = Duration::ZERO;

#[tokio::test(start_paused = true)]
async fn without_a_store_nothing_runs() {
    for fault in [Fault::Before, Fault::Hangs, Fault::After] {
        let (store, effects) = (store(), Effects::default());
        store.claims.always(fault);
        let service = served(&process(&store), orders(&effects, AT_ONCE));
        let start = tokio::time::Instant::now();
        let seen = ask(&service, post("a")).await;
        assert_eq!(seen.refusal(), refused(503, "IDEMPOTENCY_STORE_UNAVAILABLE"));
        assert_eq!(seen.headers["retry-after"], "1");
        let calls = if fault == Fault::Hangs { 3 } else { 4 };
        assert_eq!((effects.count(), store.claims.count()), (0, calls));
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

/// Where nobody has heard that the claim was granted, it is given back.
#[tokio::test(start_paused = true)]
async fn a_claim_that_was_granted_too_late_is_given_back() {
    let (store, effects) = (store(), Effects::default());
    store.claims.then([Fault::Late(5000); 3]);
    let layer = process(&store);
    let service = served(&layer, orders(&effects, AT_ONCE));
    assert_eq!(ask(&service, post("a")).await.status, 503);
    layer.drain().await;
    assert_eq!(store.releases.count(), 1);
    assert_eq!(ask(&service, post("a")).await.text(), "order 1");
}

/// However long nobody hears of it, while its lease may last: at most once nobody could have the key
/// after that.
#[tokio::test(start_paused = true)]
async fn a_claim_is_given_back_when_the_store_is_there_again() {
    for calls in [8, 12] {
        let (store, effects) = (store(), Effects::default());
        store.claims.then(vec![Fault::After; calls]);
        store.releases.then([Fault::Before; 4]);
        let layer = IdempotencyLayer::at_most_once(store.clone()).scope(|_| Scope::everybody());
        let service = served(&layer.clone().lease(LEASE), orders(&effects, AT_ONCE));
        assert_eq!(ask(&service, post("a")).await.status, 503);
        layer.drain().await;
        tokio::time::advance(2 * LEASE).await;
        assert_eq!(ask(&service, post("a")).await.text(), "order 1");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_store_all_runs_if_that_is_allowed() {
    let (store, effects) = (store(), Effects::default());
    store.claims.always(Fault::Before);
    let layer = process(&store).on_outage(OnOutage::Run);
    let service = served(&layer, orders(&effects, AT_ONCE));
    for number in ["order 1", "order 2"] {
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.status, seen.text()), (201, number));
    }
    store.claims.always(Fault::None);
    ask(&service, post("a")).await;
    assert!(ask(&service, post("a")).await.is_replayed());
}

/// The effect is done; what all will be told is not known yet.
#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_stored_is_not_given() {
    let (store, effects) = (store(), Effects::default());
    store.completions.always(Fault::Before);
    let service = served(&process(&store), orders(&effects, AT_ONCE));
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(503, "IDEMPOTENCY_STORE_UNAVAILABLE"));
    assert_eq!(store.completions.count(), 4);
    // The key is not free: the effect is not repeated while the lease lasts.
    assert_eq!(ask(&service, post("a")).await.status, 409);
    // It is tried further, and so the client may be answered after all.
    store.completions.always(Fault::None);
    tokio::time::sleep(SECOND).await;
    assert!(ask(&service, post("a")).await.is_replayed());
    assert_eq!(effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_stored_is_given_while_nobody_else_can_answer() {
    let (store, effects) = (store(), Effects::default());
    store.completions.always(Fault::Before);
    let layer = process(&store).on_outage(OnOutage::Run);
    let quick = served(&layer, orders(&effects, AT_ONCE));
    assert_eq!(ask(&quick, post("a")).await.text(), "order 1");
    // … and not when its lease has ended.
    store.renewals.always(Fault::Before);
    let slow = served(&layer, orders(&effects, LEASE));
    assert_eq!(ask(&slow, post("b")).await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_fails_leaves_the_lease_to_run_out() {
    let store = store();
    store.releases.always(Fault::Before);
    let service = served(&process(&store), |_| std::future::ready(with_status(500)));
    assert_eq!(ask(&service, post("a")).await.status, 500);
    assert_eq!(ask(&service, post("a")).await.status, 409);
    tokio::time::advance(LEASE).await;
    assert_eq!(ask(&service, post("a")).await.status, 500);
}

#[tokio::test]
async fn a_full_store_takes_no_new_keys() {
    let effects = Effects::default();
    let store = MemoryStore::builder().max_keys(std::num::NonZeroUsize::MIN).build();
    let layer = IdempotencyLayer::at_least_once(store).scope(|_| Scope::everybody());
    let handler = orders(&effects, AT_ONCE);
    let inner = tower::service_fn(move |request| {
        let answer = handler(request);
        async { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let service = tower::Layer::layer(&layer.respond(), inner);
    assert_eq!(ask(&service, post("a")).await.status, 201);
    assert_eq!(ask(&service, post("b")).await.status, 503);
    assert!(ask(&service, post("a")).await.is_replayed());
    assert_eq!(effects.count(), 1);
}

/// One of which each call takes longer than a fifth of the limit.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_is_not_out() {
    let (store, effects) = (store(), Effects::default());
    store.claims.always(Fault::Late(1400));
    store.completions.always(Fault::Late(1400));
    let service = served(&process(&store), orders(&effects, AT_ONCE));
    assert_eq!(ask(&service, post("a")).await.status, 201);
    assert!(ask(&service, post("a")).await.is_replayed());
    assert_eq!(effects.count(), 1);
}

/// One of them finds out that the store hangs, for all.
#[tokio::test(start_paused = true)]
async fn duplicates_run_as_well_where_all_runs_without_a_store() {
    let (store, effects) = (store(), Effects::default());
    store.claims.always(Fault::Hangs);
    let layer = process(&store).on_outage(OnOutage::Run).store_timeout(SECOND);
    let service = served(&layer, orders(&effects, AT_ONCE));
    let start = tokio::time::Instant::now();
    let (first, second) = tokio::join!(ask(&service, post("a")), ask(&service, post("a")));
    assert_eq!((first.status, second.status, effects.count()), (201, 201, 2));
    assert!(store.claims.count() == 3 && start.elapsed() < SECOND);
}
