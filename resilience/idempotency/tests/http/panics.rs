use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Waker};
use std::time::Duration;

use axum::body::Body;
use http::Response;
use mainstay_idempotency::{AtLeastOnce, Ending, IdempotencyLayer, Scope, Settle};
use tokio::time::advance;
use tower::{Layer, ServiceExt};

use super::support::*;

/// Panics the first time. Without the hook, which would print.
fn panics_once(
    effects: &Effects,
) -> impl Fn(HandlerRequest) -> std::future::Ready<Response<Body>> + Clone + Send + 'static {
    let effects = effects.clone();
    move |_| match effects.happen() {
        1 => resume_unwind(Box::new("as it was told")),
        number => std::future::ready(created(number)),
    }
}

async fn panicked<S>(service: &S) -> bool
where
    S: tower::Service<http::Request<Body>, Error = std::convert::Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
    S::Response: Send,
{
    let service = service.clone();
    tokio::spawn(async move { service.oneshot(post("a")).await.is_ok() })
        .await
        .is_err_and(|error| error.into_panic().is::<&str>())
}

/// Scenario 14: the effect may have happened, and the key is not freed at once.
#[tokio::test(start_paused = true)]
async fn a_panic_reaches_the_caller_and_keeps_the_key_for_the_lease() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), panics_once(&effects));
    assert!(panicked(&service).await);
    assert_eq!(ask(&service, post("a")).await.status, 409);
    advance(LEASE).await;
    assert_eq!(ask(&service, post("a")).await.text(), "order 2");
    assert_eq!(store.releases.count(), 0);
}

/// Scenario 14: unless the policy says that there is none.
#[tokio::test(start_paused = true)]
async fn a_panic_frees_the_key_if_the_policy_says_so() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).outcomes(|ending| match ending {
        Ending::Panicked => Settle::Release,
        other => Settle::by_default::<AtLeastOnce>(other),
    });
    let service = served(&layer, panics_once(&effects));
    assert!(panicked(&service).await);
    assert_eq!(ask(&service, post("a")).await.text(), "order 2");
}

/// What has panicked is not moved to a task when it is dropped, to be polled once more.
#[tokio::test(start_paused = true)]
async fn a_handler_that_has_panicked_does_not_go_on() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let mut call = Box::pin(served(&layer, panics_once(&effects)).oneshot(post("a")));
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context).is_ready()));
    drop(call);
    assert_eq!((polled.is_err(), layer.detached()), (true, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_may_be_the_last_word() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).outcomes(|_| Settle::Store);
    let service = served(&layer, panics_once(&effects));
    assert!(panicked(&service).await);
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
}

#[tokio::test(start_paused = true)]
async fn at_most_once_nothing_runs_after_a_panic() {
    let (store, effects) = (store(), Effects::default());
    let layer = IdempotencyLayer::at_most_once(store.clone()).scope(|_| Scope::everybody());
    let service = served(&layer, panics_once(&effects));
    assert!(panicked(&service).await);
    advance(2 * LEASE).await;
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_OUTCOME_UNKNOWN"));
    assert_eq!(effects.count(), 1);
}

/// Scenario 14: an error is the service's own, and the next try runs; at most once it does not.
#[tokio::test(start_paused = true)]
async fn an_error_hands_the_key_over() {
    let failing = || {
        tower::service_fn(|_: HandlerRequest| async {
            Err::<Response<Body>, _>(std::io::Error::other("inner"))
        })
    };
    let store = store();
    let service = process(&store).layer(failing());
    for _ in 0..2 {
        let error = service.clone().oneshot(post("a")).await.unwrap_err();
        assert_eq!(error.into_inner().unwrap().to_string(), "inner");
    }
    assert_eq!((store.renewals.count(), store.releases.count()), (2, 0));
    let layer = IdempotencyLayer::at_most_once(store.clone()).scope(|_| Scope::everybody());
    let service = layer.wait(Duration::ZERO).layer(failing());
    assert!(service.clone().oneshot(post("a")).await.unwrap_err().into_inner().is_some());
    assert!(service.clone().oneshot(post("a")).await.unwrap_err().refused().is_some());
}

#[tokio::test]
async fn statuses_that_are_no_answer_free_the_key() {
    for status in [401, 409, 429, 500, 503] {
        let (store, effects) = (store(), Effects::default());
        let service = served(&process(&store), {
            let effects = effects.clone();
            move |_| {
                effects.happen();
                std::future::ready(with_status(status))
            }
        });
        for _ in 0..2 {
            let seen = ask(&service, post("a")).await;
            assert_eq!((seen.status, seen.text(), seen.is_replayed()), (status, "no", false));
        }
        assert_eq!((effects.count(), store.releases.count()), (2, 2));
    }
    for status in [200, 302, 400, 404, 422] {
        let store = store();
        let service = served(&process(&store), move |_| std::future::ready(with_status(status)));
        ask(&service, post("a")).await;
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.status, seen.text(), seen.is_replayed()), (status, "no", true));
    }
}

/// A timeout inside of the layer, or a service that gives up, drops the handler in the middle: the
/// next try runs at once, and knows that it is not the first.
#[tokio::test(start_paused = true)]
async fn after_a_try_that_was_cut_off_the_next_is_told() {
    for status in [408, 499, 504] {
        let (store, effects) = (store(), Effects::default());
        let service = served(&process(&store), {
            let effects = effects.clone();
            move |request| {
                let is_told = attempt(&request).taken_over();
                assert_eq!(is_told, effects.happen() > 1);
                std::future::ready(with_status(status))
            }
        });
        let start = tokio::time::Instant::now();
        for _ in 0..3 {
            let seen = ask(&service, post("a")).await;
            assert_eq!((seen.status, seen.is_replayed()), (status, false));
        }
        assert_eq!((effects.count(), store.releases.count()), (3, 0));
        assert!(start.elapsed() < Duration::from_millis(10));
    }
}

/// At most once its effect is not repeated, as it may have happened.
#[tokio::test(start_paused = true)]
async fn a_try_that_was_cut_off_is_not_repeated_at_most_once() {
    for status in [408, 499] {
        let (store, effects) = (store(), Effects::default());
        let layer = IdempotencyLayer::at_most_once(store).scope(|_| Scope::everybody());
        let service = served(&layer.lease(LEASE), {
            let effects = effects.clone();
            move |_| {
                effects.happen();
                std::future::ready(with_status(status))
            }
        });
        assert_eq!(ask(&service, post("a")).await.status, status);
        advance(LEASE).await;
        let refusal = ask(&service, post("a")).await.refusal();
        assert_eq!(refusal, refused(409, "IDEMPOTENCY_OUTCOME_UNKNOWN"));
        assert_eq!(effects.count(), 1);
    }
}

/// What becomes of a connection that is upgraded this layer does not see.
#[tokio::test]
async fn an_upgrade_is_not_replayed_without_its_connection() {
    let layer = IdempotencyLayer::at_most_once(store()).scope(|_| Scope::everybody());
    let service = served(&layer, |_| std::future::ready(with_status(101)));
    assert_eq!(ask(&service, post("a")).await.status, 101);
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
}
