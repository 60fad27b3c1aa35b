//! What is told to who observes.

use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::poll;
use mainstay_idempotency::{Event, OnOutage, Settle, StoreErrorKind};
use tokio::time::sleep;
use tower::ServiceExt;

use super::support::*;

const AT_ONCE: Duration = Duration::ZERO;

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    fn observe(&self, layer: TestLayer) -> TestLayer {
        let told = self.clone();
        layer.observe(move |event| told.0.lock().unwrap().push(*event))
    }

    /// The names of the events since it was last asked, all of them about this key.
    fn of(&self, name: &str) -> Vec<&'static str> {
        let events = mem::take(&mut *self.0.lock().unwrap());
        assert!(events.iter().all(|event| event.key() == key(name)));
        events.iter().map(Event::as_str).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_is_not_told() {
    let (store, told) = (store(), Told::default());
    let layer = told.observe(process(&store));
    let service = served(&layer, orders(&Effects::default(), LEASE));
    let (first, second) = tokio::join!(ask(&service, post("a")), ask(&service, post("a")));
    assert_eq!((first.status, second.status), (201, 409));
    assert_eq!(ask(&service, post_of("a", "else")).await.status, 422);
    store.claims.always(Fault::Before);
    assert_eq!(ask(&service, post("a")).await.status, 503);
    assert!(told.of("a").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_take_is_told() {
    let (store, told) = (store(), Told::default());
    let layer = told.observe(process(&store)).on_outage(OnOutage::Run);
    store.claims.always(Fault::Before);
    let service = served(&layer, orders(&Effects::default(), AT_ONCE));
    assert_eq!(ask(&service, post("a")).await.status, 201);
    let error = StoreErrorKind::Unavailable;
    let is_so =
        |event: &Event| matches!(event, Event::Unprotected { error: was, .. } if *was == error);
    assert!(told.0.lock().unwrap().iter().all(is_so));
    assert_eq!(told.of("a"), ["unprotected"]);
    store.claims.always(Fault::None);

    store.completions.always(Fault::Before);
    assert_eq!(ask(&service, post("b")).await.status, 201);
    assert_eq!(told.of("b"), ["not_stored"]);

    store.releases.always(Fault::Before);
    let service = served(&layer, |_| std::future::ready(with_status(500)));
    assert_eq!(ask(&service, post("c")).await.status, 500);
    assert_eq!(told.of("c"), ["not_released"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_lost_is_told_once() {
    let (store, told) = (store(), Told::default());
    let layer = told.observe(process(&store));
    let slow = served(&layer, orders(&Effects::default(), 3 * LEASE));
    store.renewals.always(Fault::Before);
    assert_eq!(ask(&slow, post("a")).await.status, 201);
    assert_eq!(told.of("a"), ["claim_lost"]);

    // Where nobody has polled it, it is known once the store is told the answer.
    let service = served(&layer, orders(&Effects::default(), SECOND));
    let mut first = Box::pin(service.oneshot(post("b")));
    assert!(poll!(first.as_mut()).is_pending());
    sleep(LEASE).await;
    let there = served(&process(&store), orders(&Effects::default(), AT_ONCE));
    assert_eq!(ask(&there, post("b")).await.status, 201);
    assert_eq!(told.of("b"), [""; 0]);
    assert!(first.await.is_ok());
    assert_eq!(told.of("b"), ["claim_lost"]);
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_is_told() {
    let (store, told) = (store(), Told::default());
    let layer = told.observe(process(&store)).most_detached(0);
    let service = served(&layer, orders(&Effects::default(), SECOND));
    let mut call = Box::pin(service.oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    assert_eq!(told.of("a"), ["handler_dropped"]);

    let service = served(&layer, orders(&Effects::default(), AT_ONCE));
    store.completions.always(Fault::Hangs);
    for number in 0..1024 {
        let mut call = Box::pin(service.clone().oneshot(post(&number.to_string())));
        assert!(poll!(call.as_mut()).is_pending());
    }
    let mut call = Box::pin(service.oneshot(post("b")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(told.of("b"), ["not_settled"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_take_of_who_is_dropped_is_told() {
    let (store, told) = (store(), Told::default());
    for line in [&store.renewals, &store.completions] {
        line.always(Fault::Before);
    }
    for (settle, event) in [(Settle::HandOver, "not_released"), (Settle::Store, "not_stored")] {
        let layer = told.observe(process(&store)).dropped_with_the_client();
        let layer = layer.outcomes(move |_| settle);
        let service = served(&layer, orders(&Effects::default(), SECOND));
        let mut call = Box::pin(service.oneshot(post(event)));
        assert!(poll!(call.as_mut()).is_pending());
        drop(call);
        layer.drain().await;
        assert_eq!(told.of(event), [event]);
    }
}

/// Who goes with the client by policy is nothing to be told of.
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_to_go_with_its_client_is_not_told() {
    let (store, told) = (store(), Told::default());
    let layer = told.observe(process(&store)).dropped_with_the_client();
    let service = served(&layer, orders(&Effects::default(), SECOND));
    let mut call = Box::pin(service.oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    assert!(told.of("a").is_empty());
}
