use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::poll;
use http::{Request, Response};
use http_body_util::{BodyExt, channel::Channel};
use mainstay_idempotency::OnOutage;
use tokio::time::{advance, sleep};
use tower::ServiceExt;

use super::support::*;

/// Scenario 15, before the body is there; and 17: nothing is claimed.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_before_its_body_is_there_has_claimed_nothing() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, SECOND));
    let (mut body, channel) = Channel::<Bytes>::new(4);
    body.send_data(Bytes::from_static(b"bo")).await.unwrap();
    let request = Request::post("/orders").header("idempotency-key", "a");
    let request = request.body(Body::new(channel)).unwrap();
    let mut call = Box::pin(service.clone().oneshot(request));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    settle().await;
    assert_eq!((store.claims.count(), effects.count()), (0, 0));
    assert_eq!(ask(&service, post("a")).await.status, 201);
}

/// Scenario 15, in the middle of the handler; and 16: a shutdown waits for it.
#[tokio::test(start_paused = true)]
async fn a_handler_whose_client_goes_runs_to_its_end() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, orders(&effects, 3 * LEASE));
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    assert_eq!(layer.detached(), 0);
    drop(call);
    assert_eq!(layer.detached(), 1);
    // It is known to who comes next, in this process …
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_IN_PROGRESS"));
    // … it keeps its lease, …
    sleep(2 * LEASE).await;
    let there = served(&process(&store), orders(&effects, SECOND));
    assert_eq!(ask(&there, post("a")).await.status, 409);
    // … and a shutdown waits for it.
    let mut drained = Box::pin(layer.drain());
    assert!(poll!(drained.as_mut()).is_pending());
    drained.await;
    assert_eq!((layer.detached(), effects.count()), (0, 1));
    assert!(ask(&service, post("a")).await.is_replayed());
}

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_drain_where_nobody_has_gone() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    ask(&served(&layer, orders(&effects, SECOND)), post("a")).await;
    assert!(poll!(Box::pin(layer.drain())).is_ready());
}

/// Scenario 15, while the response is read.
#[tokio::test(start_paused = true)]
async fn a_response_whose_client_goes_is_kept() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), {
        let effects = effects.clone();
        move |_| {
            effects.happen();
            let (mut body, channel) = Channel::<Bytes>::new(4);
            tokio::spawn(async move {
                body.send_data(Bytes::from_static(b"one ")).await.unwrap();
                sleep(SECOND / 2).await;
                body.send_data(Bytes::from_static(b"two")).await.unwrap();
            });
            std::future::ready(Response::new(Body::new(channel)))
        }
    });
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    settle().await;
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    let seen = ask(&service, post("a")).await;
    assert_eq!((seen.text(), seen.is_replayed(), effects.count()), ("one two", true, 1));
}

/// Scenario 15, while the answer is on its way to the client: it is stored before its first byte.
#[tokio::test(start_paused = true)]
async fn an_answer_that_the_client_does_not_read_is_kept() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, SECOND));
    drop(service.clone().oneshot(post("a")).await.unwrap());
    assert!(ask(&service, post("a")).await.is_replayed());
}

/// Scenario 15, while the key is claimed: the store may have granted it.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_client_goes_is_followed_up() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, orders(&effects, SECOND));
    store.claims.then([Fault::Late(500)]);
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    assert_eq!(effects.count(), 1);
    assert!(ask(&service, post("a")).await.is_replayed());
}

/// … and if handlers go with their clients, it is given back.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_client_goes_is_given_back() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).dropped_with_the_client();
    let service = served(&layer, orders(&effects, Duration::ZERO));
    store.claims.then([Fault::Late(500)]);
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    assert_eq!((effects.count(), store.releases.count()), (0, 1));
    let there = served(&process(&store), orders(&effects, Duration::ZERO));
    assert_eq!(ask(&there, post("a")).await.status, 201);
}

/// Scenarios 14 and 15: cancelled, and the next try is told so.
#[tokio::test(start_paused = true)]
async fn a_handler_may_go_with_its_client() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).dropped_with_the_client();
    let slow = orders(&effects, SECOND);
    let service = served(&layer, move |request| {
        let (is_told, answer) = (attempt(&request).taken_over(), slow(request));
        async move { if is_told { answer.await } else { std::future::pending().await } }
    });
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    advance(2 * SECOND).await;
    assert_eq!((effects.count(), store.renewals.count(), store.releases.count()), (0, 1, 0));
    assert_eq!(ask(&service, post("a")).await.text(), "order 1");
}

/// What is done is stored, whatever becomes of handlers: the client goes while it is.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_being_stored_is_stored() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).dropped_with_the_client();
    let service = served(&layer, orders(&effects, Duration::ZERO));
    store.completions.then([Fault::Hangs]);
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    assert_eq!(effects.count(), 1);
    drop(call);
    layer.drain().await;
    assert!(ask(&service, post("a")).await.is_replayed());
    assert_eq!(store.releases.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_cap_handlers_go_with_their_clients() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).most_detached(1);
    let service = served(&layer, orders(&effects, SECOND));
    let mut calls = Vec::new();
    for key in ["a", "b"] {
        let mut call = Box::pin(service.clone().oneshot(post(key)));
        assert!(poll!(call.as_mut()).is_pending());
        calls.push(call);
    }
    drop(calls);
    assert_eq!(layer.detached(), 1);
    layer.drain().await;
    assert_eq!(effects.count(), 1);
    // Its key is settled all the same.
    assert_eq!(store.renewals.count(), 1);
    assert_eq!(ask(&service, post("b")).await.status, 201);
}

/// One that waits for another has nothing to go on with.
#[tokio::test(start_paused = true)]
async fn a_duplicate_whose_client_goes_is_dropped() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, orders(&effects, SECOND));
    let mut first = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(first.as_mut()).is_pending());
    let mut here = Box::pin(service.clone().oneshot(post("a")));
    assert!(poll!(here.as_mut()).is_pending());
    let elsewhere = process(&store);
    let there = served(&elsewhere, orders(&effects, SECOND));
    let mut there = Box::pin(there.oneshot(post("a")));
    assert!(poll!(there.as_mut()).is_pending());
    drop((here, there));
    assert_eq!((layer.detached(), elsewhere.detached()), (0, 0));
    let body = first.await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "order 1");
}

/// Outside of a runtime there is nowhere to go on.
#[test]
fn outside_of_a_runtime_a_call_can_be_dropped() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, orders(&effects, SECOND));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut call = Box::pin(service.clone().oneshot(post("a")));
    runtime.block_on(async { assert!(poll!(call.as_mut()).is_pending()) });
    drop(call);
    drop(runtime);
    assert_eq!((layer.detached(), effects.count()), (0, 0));
}

/// The cap is on handlers: keys are settled, and what has ended is stored.
#[tokio::test(start_paused = true)]
async fn beyond_the_cap_keys_are_settled() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).most_detached(0);
    let slow = served(&layer, orders(&effects, SECOND));
    let mut call = Box::pin(slow.clone().oneshot(post("a")));
    assert!(poll!(call.as_mut()).is_pending());
    drop(call);
    layer.drain().await;
    assert_eq!((effects.count(), store.renewals.count()), (0, 1));
    assert_eq!(ask(&slow, post("a")).await.status, 201);

    store.completions.then([Fault::Late(200)]);
    let quick = served(&layer, orders(&effects, Duration::ZERO));
    let mut call = Box::pin(quick.clone().oneshot(post("b")));
    assert!(poll!(call.as_mut()).is_pending());
    assert_eq!((effects.count(), layer.detached()), (2, 0));
    drop(call);
    layer.drain().await;
    assert!(ask(&quick, post("b")).await.is_replayed());
}

/// One that runs without protection has effects as well.
#[tokio::test(start_paused = true)]
async fn a_handler_without_a_claim_runs_to_its_end() {
    let (store, effects) = (store(), Effects::default());
    store.claims.always(Fault::Before);
    let layer = process(&store).on_outage(OnOutage::Run);
    let service = served(&layer, orders(&effects, 3 * SECOND));
    assert!(tokio::time::timeout(SECOND, service.oneshot(post("a"))).await.is_err());
    assert_eq!((layer.detached(), effects.count()), (1, 0));
    layer.drain().await;
    assert_eq!(effects.count(), 1);
}

/// A store that hangs keeps tasks waiting: they have a cap, whatever they wait for.
#[tokio::test(start_paused = true)]
async fn beyond_their_cap_answers_are_not_stored_without_a_client() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, orders(&effects, Duration::ZERO));
    store.completions.then(std::iter::repeat_n(Fault::Hangs, 1100));
    for key in 0..1100 {
        let mut call = Box::pin(service.clone().oneshot(post(&key.to_string())));
        assert!(poll!(call.as_mut()).is_pending());
    }
    layer.drain().await;
    // Each of those that went on has asked once more.
    assert_eq!((effects.count(), store.completions.count()), (1100, 1100 + 1024));
}

/// The key is settled, and nobody is there to be asked for.
#[tokio::test(start_paused = true)]
async fn without_a_client_nobody_is_asked_whether_it_may_have_the_answer() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.always(Fault::Before);
    let layer = process(&store).reauthorize(|_| std::future::pending());
    let slow = served(&layer, orders(&effects, LEASE + SECOND));
    let mut first = Box::pin(slow.oneshot(post("a")));
    assert!(poll!(first.as_mut()).is_pending());
    sleep(LEASE).await;
    let there = served(&process(&store), orders(&effects, Duration::ZERO));
    ask(&there, post("a")).await;
    assert!(tokio::time::timeout(2 * SECOND, &mut first).await.is_err());
    assert_eq!(effects.count(), 2);
    drop(first);
    assert!(tokio::time::timeout(SECOND, layer.drain()).await.is_ok());
}
