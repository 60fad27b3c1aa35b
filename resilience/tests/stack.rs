//! The client stack: that each policy is where it belongs.

#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use mainstay_core::{Deadline, ManualClock};
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers, Config, Consecutive, Mode};
use mainstay_resilience::classify::{HttpClassifier, Verdict};
use mainstay_resilience::retry::{ReplayBody, Retry};
use mainstay_resilience::stack::{ClientStack, Refused};
use mainstay_resilience::timeout::Elapsed;
use mainstay_resilience::{Rejected, Rejection};
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneService;
use tower::{ServiceExt, service_fn};

type Body = Empty<Bytes>;
type Client = BoxCloneService<Request<ReplayBody<Body>>, Response<Full<Bytes>>, std::io::Error>;

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("peer").trip(Consecutive::failures(4)).build().unwrap()
}

/// Three attempts, a second apart.
fn three() -> Retry {
    Retry::new(Backoff::constant(SECOND)).attempts(3)
}

/// A client that counts its calls, and takes so long for each.
fn client(takes: Duration, status: u16) -> (Client, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let client = service_fn(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(takes).await;
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        }
    });
    (BoxCloneService::new(client), calls)
}

fn get() -> Request<Body> {
    Request::new(Empty::new())
}

#[tokio::test(start_paused = true)]
async fn the_breaker_sees_each_attempt_and_ends_them() {
    let (client, calls) = client(Duration::ZERO, 503);
    let breaker = breaker();
    let service = ClientStack::http(breaker.clone()).retry(three()).service(client);
    let response = service.clone().oneshot(get()).await.unwrap();
    assert_eq!(
        (response.status(), calls.load(Ordering::SeqCst)),
        (StatusCode::SERVICE_UNAVAILABLE, 3)
    );
    assert_eq!(breaker.snapshot().counts.failed, 3);

    // The fourth failure opens it: there is no fifth call, and no wait for it.
    let start = Instant::now();
    let error = service.clone().oneshot(get()).await.unwrap_err();
    let Some(Refused::Open(open)) = error.rejection() else { panic!("{error:?}") };
    assert_eq!((calls.load(Ordering::SeqCst), start.elapsed()), (4, SECOND));
    assert!(open.retry_after() > Some(3 * SECOND));
    assert_eq!(open.retry_after(), error.rejection().unwrap().retry_after());
    assert_eq!(error.rejection().unwrap().http_status(), 503);

    let start = Instant::now();
    assert!(service.oneshot(get()).await.is_err());
    assert_eq!((calls.load(Ordering::SeqCst), start.elapsed()), (4, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_counts_and_is_tried_again() {
    let (client, calls) = client(60 * SECOND, 200);
    let breaker = breaker();
    let stack = ClientStack::http(breaker.clone()).retry(three()).attempt_timeout(2 * SECOND);
    let start = Instant::now();
    let error = stack.service(client).oneshot(get()).await.unwrap_err();
    assert!(matches!(error, Rejected::Rejection(Refused::Attempt(_))), "{error:?}");
    assert_eq!(error.rejection().unwrap().http_status(), 504);
    assert_eq!((calls.load(Ordering::SeqCst), start.elapsed()), (3, 8 * SECOND));
    assert_eq!(breaker.snapshot().counts.failed, 3);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_for_all_attempts() {
    let (client, calls) = client(60 * SECOND, 200);
    let breaker = breaker();
    let stack = ClientStack::http(breaker.clone())
        .retry(three())
        .attempt_timeout(2 * SECOND)
        .deadline(4 * SECOND);
    let start = Instant::now();
    let error = stack.service(client).oneshot(get()).await.unwrap_err();
    // After the first attempt 2 s are left, of which 1 s is the wait: the median does not fit.
    assert!(matches!(error, Rejected::Rejection(Refused::Attempt(_))), "{error:?}");
    assert_eq!((calls.load(Ordering::SeqCst), start.elapsed()), (1, 2 * SECOND));
    assert_eq!(breaker.snapshot().counts.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_deadline_cuts_off_counts() {
    let (client, _) = client(60 * SECOND, 200);
    let breaker = breaker();
    let service = ClientStack::http(breaker.clone()).deadline(SECOND).service(client);
    let error = service.oneshot(get()).await.unwrap_err();
    assert!(matches!(error, Rejected::Rejection(Refused::Deadline(_))), "{error:?}");
    assert_eq!(breaker.snapshot().counts.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_counts() {
    for (own, stack, expected) in
        [(Some(1), None, 1), (Some(1), Some(5), 1), (Some(9), Some(5), 5), (None, Some(5), 5)]
    {
        let (client, _) = client(60 * SECOND, 200);
        let mut layers = ClientStack::http(breaker()).retry(three());
        if let Some(limit) = stack {
            layers = layers.deadline(limit * SECOND);
        }
        let mut request = get();
        let start = Instant::now();
        if let Some(own) = own {
            request.extensions_mut().insert(Deadline::after(start.into_std(), own * SECOND));
        }
        assert!(layers.service(client).oneshot(request).await.is_err());
        assert_eq!(start.elapsed(), expected * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_s_error_stays_what_it_is() {
    let broken = service_fn(|_: Request<ReplayBody<Body>>| async {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("broken"))
    });
    let error = ClientStack::http(breaker()).service(broken).oneshot(get()).await.unwrap_err();
    assert_eq!(error.into_inner().unwrap().to_string(), "broken");
}

/// A client such as tonic's channel takes one type of body.
#[tokio::test(start_paused = true)]
async fn the_body_is_made_what_the_client_takes() {
    type Boxed =
        http_body_util::combinators::UnsyncBoxBody<Bytes, mainstay_resilience::retry::ReplayError>;
    let client = service_fn(|request: Request<Boxed>| async {
        let sent = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, std::io::Error>(Response::new(Full::new(sent)))
    });
    let retry = three().http_layer().map_body(|body: ReplayBody<Full<Bytes>>| body.boxed_unsync());
    let service = ClientStack::http(breaker()).retry(retry).service(client);
    let request = Request::put("/").body(Full::from("sent")).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "sent");
}

#[tokio::test(start_paused = true)]
async fn it_answers_where_it_must_not_fail() {
    let (client, _) = client(Duration::ZERO, 200);
    let forced = CircuitBreaker::builder("peer").mode(Mode::ForcedOpen).build().unwrap();
    let service = tower::Layer::layer(&ClientStack::http(forced).respond(), client);
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// A date in `Retry-After` is measured by the classifier's own clock.
#[tokio::test(start_paused = true)]
async fn the_classifier_of_the_retry_is_kept() {
    let busy = service_fn(|_: Request<ReplayBody<Body>>| async {
        let mut response = Response::new(Full::<Bytes>::default());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let date = "Thu, 01 Jan 1970 00:00:07 GMT".parse().unwrap();
        response.headers_mut().insert("retry-after", date);
        Ok::<_, std::io::Error>(response)
    });
    let long_ago = ManualClock::at(std::time::UNIX_EPOCH);
    let retry = three().attempts(2).http_layer().classify(HttpClassifier::with_clock(long_ago));
    let start = Instant::now();
    let service = ClientStack::http(breaker()).retry(retry).service(busy);
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 503);
    assert!(start.elapsed() >= 7 * SECOND, "{:?}", start.elapsed());
}

/// The breaker's classifier is its own, and sees what the attempt's timeout ends.
#[tokio::test(start_paused = true)]
async fn the_classifier_of_the_breaker_is_kept() {
    type Attempt = Result<Response<Full<Bytes>>, Rejected<Elapsed, std::io::Error>>;
    let breaker = breaker();
    let judge = |attempt: &Attempt| match attempt {
        Ok(response) if response.status() == 503 => Verdict::ignored(),
        Err(Rejected::Rejection(_)) => Verdict::failure(),
        _ => Verdict::success(),
    };
    for (takes, expected) in [(Duration::ZERO, (0, 0)), (2 * SECOND, (1, 1))] {
        let (client, _) = client(takes, 503);
        let layer = breaker.http_layer().classify_http(judge);
        let stack = ClientStack::http(layer).attempt_timeout(SECOND);
        let _ = stack.service(client).oneshot(get()).await;
        let counts = breaker.snapshot().counts;
        assert_eq!((counts.calls, counts.failed), expected);
    }
}

/// One host that is down is not asked, and the others are.
#[tokio::test(start_paused = true)]
async fn each_key_has_its_breaker() {
    let peer = CircuitBreaker::builder("peer").trip(Consecutive::failures(3));
    let peers = CircuitBreakers::<String>::new(peer).unwrap();
    let (client, calls) = client(Duration::ZERO, 503);
    let by_path = |request: &Request<ReplayBody<Body>>| request.uri().path().to_owned();
    let stack = ClientStack::http(peers.http_layer_by(by_path)).retry(three()).respond();
    let service = tower::Layer::layer(&stack, client);
    for (path, expected) in [("/a", 3), ("/a", 3), ("/b", 6)] {
        let request = Request::get(path).body(Empty::new()).unwrap();
        assert_eq!(service.clone().oneshot(request).await.unwrap().status(), 503);
        assert_eq!(calls.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_rules_is_none() {
    let config = Config::default().without_rules();
    let breaker = CircuitBreaker::builder("peer").config(config).build().unwrap();
    let (client, calls) = client(Duration::ZERO, 503);
    let service = ClientStack::http(breaker).service(client);
    for _ in 0..200 {
        assert_eq!(service.clone().oneshot(get()).await.unwrap().status(), 503);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 200);
}
