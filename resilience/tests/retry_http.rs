//! The retry of HTTP and gRPC requests: which are sent again, with which body, and what decides.

#![cfg(test)]

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Channel, Empty, Full, StreamBody};
use mainstay_core::Deadline;
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::budget::{Budget, Tokens};
use mainstay_resilience::retry::{
    Attempt, Event, GaveUp, HttpRetryLayer, ReplayBody, ReplayError, Retry, is_idempotent,
};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

const DELAY: Duration = Duration::from_millis(100);

fn policy() -> Retry {
    Retry::new(Backoff::constant(DELAY)).attempts(3)
}

fn layer() -> HttpRetryLayer {
    policy().http_layer()
}

fn answer(status: u16) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::default()).unwrap()
}

/// What a server has seen of requests.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<(http::request::Parts, Bytes)>>>);

impl Seen {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// Reads requests to their end, and answers with one status after the other.
    fn server<B>(
        &self,
        statuses: &'static [u16],
    ) -> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = BoxError, Future: Send> + Clone
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let seen = self.clone();
        service_fn(move |request: Request<B>| {
            let seen = seen.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(Into::into)?.to_bytes();
                let mut seen = seen.0.lock().unwrap();
                seen.push((head, body));
                Ok(answer(statuses[(seen.len() - 1).min(statuses.len() - 1)]))
            }
        })
    }
}

fn put(body: &'static str) -> Request<Full<Bytes>> {
    Request::put("/orders").body(Full::from(body)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_sends_the_same_again() {
    let seen = Seen::default();
    let client = layer().layer(seen.server(&[503, 429, 200]));
    let mut request = put("all of it");
    request.headers_mut().insert("x-kind", "order".parse().unwrap());
    request.extensions_mut().insert(7_u8);
    assert_eq!(client.oneshot(request).await.unwrap().status(), 200);
    assert_eq!(seen.bodies(), ["all of it"; 3]);
    let seen = seen.0.lock().unwrap();
    for (number, (head, _)) in (1..).zip(seen.iter()) {
        assert_eq!((&head.method, head.uri.path()), (&Method::PUT, "/orders"));
        assert_eq!(head.headers["x-kind"], "order");
        assert_eq!(head.headers.len(), 1);
        assert_eq!(head.extensions.get::<u8>(), Some(&7));
        let attempt = head.extensions.get::<Attempt>().map(|it| it.number());
        assert_eq!(attempt, (number > 1).then_some(number));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_response_is_the_answer() {
    for (statuses, status, calls) in
        [(&[503][..], 503, 3), (&[500], 500, 1), (&[404], 404, 1), (&[502, 400], 400, 2)]
    {
        let seen = Seen::default();
        let client = layer().layer(seen.server(statuses));
        assert_eq!(client.oneshot(put("")).await.unwrap().status(), status);
        assert_eq!(seen.count(), calls, "{statuses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_sent_twice_is_not() {
    let key = |name| Request::post("/").header(name, "1").body(Full::default()).unwrap();
    let post = || Request::post("/").body(Full::<Bytes>::default()).unwrap();
    let own = HeaderName::from_static("request-key");
    let reads = |layer: HttpRetryLayer| layer.retry_if(|head| head.uri.path() == "/");
    for (layer, request, calls) in [
        (layer(), post(), 1),
        (layer(), put("x"), 3),
        (layer(), key("idempotency-key"), 3),
        (layer(), key("x-idempotency-key"), 3),
        (layer(), key("request-key"), 1),
        (layer().idempotency_header(own.clone()), key("request-key"), 3),
        (layer().idempotency_header(own), key("idempotency-key"), 1),
        (reads(layer()), post(), 3),
        (reads(layer()), put("x"), 1),
        (layer().retry_if(is_idempotent), put("x"), 3),
    ] {
        let seen = Seen::default();
        let head = format!("{request:?}");
        assert_eq!(layer.layer(seen.server(&[503])).oneshot(request).await.unwrap().status(), 503);
        assert_eq!(seen.count(), calls, "{head}");
    }
}

/// What a request is, if it may not be sent again: it is neither kept nor cloned.
#[derive(Debug)]
struct NoClone;

impl Clone for NoClone {
    fn clone(&self) -> Self {
        panic!("it was cloned");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_once_is_not_cloned() {
    let seen = Seen::default();
    let mut request = Request::post("/").body(Full::<Bytes>::from("x")).unwrap();
    request.extensions_mut().insert(NoClone);
    let response = layer().layer(seen.server(&[503])).oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), seen.bodies()), (503, vec![Bytes::from("x")]));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_attempts_can_be_in_a_header() {
    const HEADER: HeaderName = HeaderName::from_static("x-previous-attempts");
    const GRPC: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");
    for (content_type, name, other) in
        [("application/json", HEADER, GRPC), ("application/grpc", GRPC, HEADER)]
    {
        let seen = Seen::default();
        let mut request = put("x");
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let client = layer().attempt_header(HEADER).layer(seen.server(&[503]));
        let _ = client.oneshot(request).await;
        let seen = seen.0.lock().unwrap();
        let said: Vec<_> = seen.iter().map(|(head, _)| head.headers.get(&name)).collect();
        assert_eq!(said, [None, Some(&1.into()), Some(&2.into())]);
        assert!(seen.iter().all(|(head, _)| !head.headers.contains_key(&other)));
    }
}

/// A request that already is a retry of a layer further out is sent once.
#[tokio::test(start_paused = true)]
async fn a_retry_that_comes_from_outside_is_sent_once() {
    let mut request = put("x");
    request.extensions_mut().insert(Attempt::after(1));
    let seen = Seen::default();
    let _ = layer().layer(seen.server(&[503])).oneshot(request.clone()).await;
    assert_eq!(seen.count(), 1);
    let anyhow = policy().even_when_nested().http_layer();
    let _ = anyhow.layer(seen.server(&[503])).oneshot(request).await;
    assert_eq!(seen.count(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn nested_layers_multiply_nothing() {
    let seen = Seen::default();
    let inner = layer().layer(seen.server(&[503]));
    let nested = layer().layer(layer().layer(inner));
    assert_eq!(nested.oneshot(put("x")).await.unwrap().status(), 503);
    assert_eq!(seen.bodies(), ["x"; 3]);
}

#[tokio::test(start_paused = true)]
async fn the_other_side_says_when_to_come_back() {
    let calls = AtomicU32::new(0);
    let busy = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
        calls.fetch_add(1, Relaxed);
        let mut response = answer(503);
        response.headers_mut().insert("retry-after", "3".parse().unwrap());
        ready(Ok::<_, Infallible>(response))
    });
    let start = Instant::now();
    let _ = layer().layer(busy).oneshot(put("x")).await;
    let took = start.elapsed().as_millis();
    assert!((6_000..=6_600).contains(&took), "{took}");
    let hurried = policy().max_pushback(Duration::from_secs(2)).http_layer();
    calls.store(0, Relaxed);
    let start = Instant::now();
    assert_eq!(hurried.layer(busy).oneshot(put("x")).await.unwrap().status(), 503);
    assert_eq!((calls.load(Relaxed), start.elapsed()), (1, Duration::ZERO));
}

/// `Retry-After: 0` or a date in the past were ten attempts at the same moment.
#[tokio::test(start_paused = true)]
async fn trap_who_says_to_come_back_at_once_is_not_flooded() {
    for (name, value) in [
        ("retry-after", "0"),
        ("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT"),
        ("grpc-retry-pushback-ms", "0"),
        ("grpc-retry-pushback-ms", "50"),
    ] {
        let calls = AtomicU32::new(0);
        let busy = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
            calls.fetch_add(1, Relaxed);
            let mut response = answer(503);
            response.headers_mut().insert(name, value.parse().unwrap());
            ready(Ok::<_, Infallible>(response))
        });
        let start = Instant::now();
        let _ = policy().attempts(10).http_layer().layer(busy).oneshot(put("x")).await;
        assert_eq!((calls.load(Relaxed), start.elapsed()), (10, 9 * DELAY), "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_among_the_extensions_is_minded() {
    let calls = AtomicU32::new(0);
    let slow = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| async {
        calls.fetch_add(1, Relaxed);
        sleep(10 * DELAY).await;
        Ok::<_, Infallible>(answer(503))
    });
    let client = layer().layer(slow);
    for (left, made) in [(Some(20), 1), (Some(21), 2), (Some(100), 3), (None, 3)] {
        let mut request = put("x");
        if let Some(left) = left {
            let deadline = Deadline::after(Instant::now().into_std(), left * DELAY);
            request.extensions_mut().insert(deadline);
        }
        assert_eq!(client.clone().oneshot(request).await.unwrap().status(), 503);
        assert_eq!(calls.swap(0, Relaxed), made, "{left:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_cap_is_sent_once() {
    const SIZE: usize = 3 * 1024;
    let frames = |size: usize| {
        let frame = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[7; 1024])));
        StreamBody::new(stream::iter((0..size / 1024).map(move |_| frame())))
    };
    for (cap, sized, calls) in [
        (SIZE, false, 3),
        (SIZE, true, 3),
        (SIZE - 1, false, 1),
        (SIZE - 1, true, 1),
        (0, false, 1),
    ] {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reasons);
        let policy = policy().observe(move |event| {
            if let Event::GaveUp { reason, .. } = event {
                told.lock().unwrap().push(*reason);
            }
        });
        let seen = Seen::default();
        let client = policy.http_layer().body_cap(cap).layer(seen.server(&[503]));
        let body = if sized {
            Full::from(vec![7; SIZE]).boxed_unsync()
        } else {
            frames(SIZE).boxed_unsync()
        };
        let request = Request::put("/").body(body).unwrap();
        assert_eq!(client.oneshot(request).await.unwrap().status(), 503);
        assert_eq!(seen.bodies(), vec![vec![7; SIZE]; calls], "{cap} {sized}");
        let reason = if calls == 1 { GaveUp::BodyTooLarge } else { GaveUp::Attempts };
        assert_eq!(*reasons.lock().unwrap(), [reason]);
    }
}

/// Many small frames take more than they say.
#[tokio::test(start_paused = true)]
async fn a_body_of_endless_small_frames_is_not_kept() {
    let frame = || Ok::<_, Infallible>(Frame::data(Bytes::new()));
    let body = StreamBody::new(stream::iter((0..100).map(move |_| frame())));
    let seen = Seen::default();
    let client = layer().body_cap(99 * 64).layer(seen.server(&[503]));
    let request = Request::put("/").body(body).unwrap();
    assert_eq!(client.oneshot(request).await.unwrap().status(), 503);
    assert_eq!(seen.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_is_not_sent_again() {
    let frames = [Ok(Frame::data(Bytes::from("x"))), Err("cut off")];
    let body = StreamBody::new(stream::iter(frames));
    let seen = Seen::default();
    let client = layer().layer(seen.server(&[200]));
    let error = client.oneshot(Request::put("/").body(body).unwrap()).await.unwrap_err();
    assert!(error.is::<ReplayError>());
    assert_eq!((error.to_string().as_str(), seen.count()), ("cut off", 0));
}

#[tokio::test(start_paused = true)]
async fn trailers_are_sent_again() {
    let trailers = HeaderMap::from_iter([(
        HeaderName::from_static("checksum"),
        "7".parse::<http::HeaderValue>().unwrap(),
    )]);
    let sent = Frame::trailers(trailers.clone());
    let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from("x"))), Ok(sent)];
    let calls = AtomicU32::new(0);
    let server = service_fn(|request: Request<ReplayBody<StreamBody<_>>>| {
        calls.fetch_add(1, Relaxed);
        let expected = trailers.clone();
        async move {
            let body = request.into_body().collect().await.unwrap();
            assert_eq!(body.trailers(), Some(&expected));
            assert_eq!(body.to_bytes(), "x");
            Ok::<_, Infallible>(answer(503))
        }
    });
    let body = StreamBody::new(stream::iter(frames));
    let _ = layer().layer(server).oneshot(Request::put("/").body(body).unwrap()).await;
    assert_eq!(calls.load(Relaxed), 3);
}

/// The caller sends on when it has an answer to what it has sent: who collects first waits for ever.
#[tokio::test(start_paused = true)]
async fn a_bidirectional_stream_goes_both_ways() {
    let echo = service_fn(|request: Request<ReplayBody<Channel<Bytes>>>| async move {
        let again = request.extensions().get::<Attempt>().is_some();
        let mut body = request.into_body();
        let first = body.frame().await.unwrap().unwrap();
        if !again {
            return Ok(Response::builder()
                .status(503)
                .body(Full::default().boxed_unsync())
                .unwrap());
        }
        let (mut sender, answer) = Channel::<Bytes>::new(1);
        tokio::spawn(async move {
            let _ = sender.send(first).await;
            while let Some(frame) = body.frame().await {
                let _ = sender.send(frame.unwrap()).await;
            }
        });
        Ok::<_, Infallible>(Response::new(answer.boxed_unsync()))
    });
    let (mut sender, body) = Channel::<Bytes>::new(1);
    sender.send_data(Bytes::from("one")).await.unwrap();
    let request = Request::put("/").body(body).unwrap();
    let mut answers = layer().layer(echo).oneshot(request).await.unwrap().into_body();
    let mut next = async || answers.frame().await.map(|it| it.unwrap().into_data().unwrap());
    assert_eq!(next().await, Some(Bytes::from("one")));
    sender.send_data(Bytes::from("two")).await.unwrap();
    assert_eq!(next().await, Some(Bytes::from("two")));
    drop(sender);
    assert_eq!(next().await, None);
}

/// A server that answers early leaves the rest of the body to the next attempt, also where the
/// connection still holds on to the body of the one before.
#[tokio::test(start_paused = true)]
async fn an_early_answer_leaves_the_rest_to_the_next_attempt() {
    for held in [false, true] {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let bodies = Arc::clone(&kept);
        let server = service_fn(move |request: Request<ReplayBody<Channel<Bytes>>>| {
            let bodies = Arc::clone(&bodies);
            async move {
                let again = request.extensions().get::<Attempt>().is_some();
                let mut body = request.into_body();
                if again {
                    let whole = body.collect().await.unwrap().to_bytes();
                    assert_eq!(whole, "onetwo");
                    return Ok::<_, Infallible>(answer(200));
                }
                assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
                if held {
                    bodies.lock().unwrap().push(tokio::spawn(async move { body.frame().await }));
                }
                Ok(answer(503))
            }
        });
        let (mut sender, body) = Channel::<Bytes>::new(2);
        sender.send_data(Bytes::from("one")).await.unwrap();
        let request = Request::put("/").body(body).unwrap();
        let call = tokio::spawn(layer().layer(server).oneshot(request));
        sleep(2 * DELAY).await;
        sender.send_data(Bytes::from("two")).await.unwrap();
        drop(sender);
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
        // It is told, and does not wait for a body that is another's now.
        let readers = std::mem::take(&mut *kept.lock().unwrap());
        for reader in readers {
            let error = reader.await.unwrap().unwrap().unwrap_err();
            assert!(error.to_string().contains("attempt"), "{error}");
        }
    }
}

/// For a client that takes one type of body, as tonic's channel does.
#[tokio::test(start_paused = true)]
async fn the_body_can_be_mapped_back() {
    type Boxed = UnsyncBoxBody<Bytes, ReplayError>;
    let seen = Seen::default();
    let inner = seen.server(&[503, 200]);
    let strict = service_fn(move |request: Request<Boxed>| inner.clone().oneshot(request));
    let layer = layer().map_body(|body: ReplayBody<Full<Bytes>>| -> Boxed { body.boxed_unsync() });
    assert_eq!(layer.layer(strict).oneshot(put("x")).await.unwrap().status(), 200);
    assert_eq!(seen.bodies(), ["x"; 2]);
}

#[tokio::test(start_paused = true)]
async fn responses_are_judged_as_one_likes() {
    let seen = Seen::default();
    let judged = layer().classify(|result: &Result<Response<Full<Bytes>>, BoxError>| {
        use mainstay_resilience::classify::Verdict;
        match result {
            Ok(response) if response.status() == 404 => Verdict::transient(),
            _ => Verdict::success(),
        }
    });
    let client = judged.layer(seen.server(&[404, 503]));
    assert_eq!(client.oneshot(put("x")).await.unwrap().status(), 503);
    assert_eq!(seen.count(), 2);
}

/// A body counted while it exists.
struct Counted(Arc<AtomicU32>);

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_is_dropped_before_the_next_attempt() {
    let bodies = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&bodies);
    let server = service_fn(move |_: Request<ReplayBody<Full<Bytes>>>| {
        assert_eq!(count.fetch_add(1, Relaxed), 0);
        let body = Counted(Arc::clone(&count));
        ready(Ok::<_, Infallible>(Response::builder().status(503).body(body).unwrap()))
    });
    let response = layer().layer(server).oneshot(put("x")).await.unwrap();
    assert_eq!((response.status().as_u16(), bodies.load(Relaxed)), (503, 1));
}

/// An answer of gRPC: what it says in its head, and the frames of its body.
fn grpc(
    head: Option<&'static str>,
    frames: Vec<Frame<Bytes>>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let body = StreamBody::new(stream::iter(frames).map(Ok));
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    if let Some(status) = head {
        response.headers_mut().insert("grpc-status", status.parse().unwrap());
    }
    response
}

fn status(status: &'static str) -> Frame<Bytes> {
    let name = HeaderName::from_static("grpc-status");
    Frame::trailers(HeaderMap::from_iter([(name, status.parse().unwrap())]))
}

fn data() -> Frame<Bytes> {
    Frame::data(Bytes::from("x"))
}

#[tokio::test(start_paused = true)]
async fn calls_of_grpc_are_judged_by_their_code() {
    type Frames = fn() -> Vec<Frame<Bytes>>;
    let cases: [(Option<&'static str>, Frames, u32); 8] = [
        (Some("14"), Vec::new, 3),
        (Some("5"), Vec::new, 1),
        (Some("13"), Vec::new, 1),
        (None, || vec![status("14")], 3),
        (None, || vec![status("0")], 1),
        (None, || vec![status("8")], 1),
        // What has begun is the caller's.
        (None, || vec![data(), status("14")], 1),
        // Cut off before it began.
        (None, Vec::new, 3),
    ];
    for (head, frames, made) in cases {
        let calls = AtomicU32::new(0);
        let server = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
            calls.fetch_add(1, Relaxed);
            ready(Ok::<_, Infallible>(grpc(head, frames())))
        });
        let client = layer().retry_if(|_| true).layer(server);
        let request = Request::post("/shop.Orders/Get").body(Full::from("x")).unwrap();
        let body = client.oneshot(request).await.unwrap().into_body();
        assert_eq!(calls.load(Relaxed), made, "{head:?} {:?}", frames());
        // What was looked at is not missing.
        let expected: Vec<_> = frames();
        let mut body = pin!(body);
        for frame in expected {
            let got = body.frame().await.unwrap().unwrap();
            assert_eq!(got.data_ref(), frame.data_ref());
            assert_eq!(got.trailers_ref(), frame.trailers_ref());
        }
        assert!(body.frame().await.is_none() && body.frame().await.is_none());
        assert!(body.is_end_stream() || made == 1 || head.is_some());
    }
}

/// A call that fails in its trailers got its tokens back when its head came, and so did one whose
/// end nobody saw.
#[tokio::test(start_paused = true)]
async fn trap_a_call_of_grpc_gets_its_tokens_back_when_it_has_ended_well() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Reads {
        All,
        Data,
        Nothing,
    }
    type Frames = fn() -> Vec<Frame<Bytes>>;
    let cases: [(Frames, Reads, bool); 7] = [
        (|| vec![data(), status("0")], Reads::All, true),
        (|| vec![data(), data(), status("5")], Reads::All, true),
        (|| vec![data(), status("13")], Reads::All, false),
        (|| vec![data()], Reads::All, false),
        (|| vec![data(), status("0")], Reads::Data, false),
        (|| vec![data(), status("0")], Reads::Nothing, false),
        (|| vec![status("0")], Reads::Nothing, true),
    ];
    for (frames, reads, refunded) in cases {
        // What may be sent again is looked at, and the rest is not.
        for (again, retried) in [(false, false), (true, false), (true, true)] {
            if !again && reads == Reads::Nothing {
                continue;
            }
            let budget = Budget::new(Tokens::DEFAULT.capacity(20).refund(5.0));
            for _ in 0..2 {
                let now = Instant::now().into_std();
                let permit = budget.try_withdraw(now, mainstay_resilience::budget::Cause::Failure);
                drop(permit.unwrap());
            }
            let calls = AtomicU32::new(0);
            let server = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
                let busy = calls.fetch_add(1, Relaxed) == 0 && retried;
                ready(Ok::<_, Infallible>(if busy {
                    grpc(Some("14"), Vec::new())
                } else {
                    grpc(None, frames())
                }))
            });
            let layer = policy().budget(budget.clone()).http_layer().retry_if(move |_| again);
            let response = layer.layer(server).oneshot(put("x")).await.unwrap();
            let left = || budget.remaining(Instant::now().into_std());
            // A retry costs one of the two, and is one again if it went well; a first attempt that
            // goes well brings one.
            let before = if retried { 1 } else { 2 };
            let known = frames().len() == 1 && refunded && again;
            assert_eq!(left(), before + u64::from(known), "{:?} {again} {retried}", frames());
            let mut body = response.into_body();
            match reads {
                Reads::All => while body.frame().await.is_some() {},
                Reads::Data => drop(body.frame().await),
                Reads::Nothing => {}
            }
            drop(body);
            assert_eq!(left(), before + u64::from(refunded), "{:?} {again} {retried}", frames());
        }
    }
}

/// It goes wherever the body inside of it may go.
#[test]
fn the_body_of_a_response_can_be_shared_and_sent() {
    fn shared<T: Send + Sync + Unpin>() {}
    shared::<mainstay_resilience::retry::PeekBody<Full<Bytes>>>();
}

/// No call of gRPC is sent again by itself: all are sent with `POST`.
#[tokio::test(start_paused = true)]
async fn a_call_of_grpc_is_sent_again_only_where_that_is_said() {
    let keyed = |request: &mut Request<_>| {
        request.headers_mut().insert("idempotency-key", "1".parse().unwrap());
    };
    for (key, allowed, made) in [(false, false, 1), (true, false, 3), (false, true, 3)] {
        let calls = AtomicU32::new(0);
        let server = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
            calls.fetch_add(1, Relaxed);
            ready(Ok::<_, Infallible>(grpc(Some("14"), Vec::new())))
        });
        let mut request = Request::post("/shop.Orders/Get").body(Full::from("x")).unwrap();
        if key {
            keyed(&mut request);
        }
        let layer = if allowed { layer().retry_if(|_| true) } else { layer() };
        let _ = layer.layer(server).oneshot(request).await;
        assert_eq!(calls.load(Relaxed), made, "{key} {allowed}");
    }
}

/// What was looked at counts as what is still to come.
#[tokio::test(start_paused = true)]
async fn a_response_that_was_looked_at_is_as_long_as_before() {
    let server = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
        let mut response = Response::new(Full::new(Bytes::from_static(b"four")));
        response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        ready(Ok::<_, Infallible>(response))
    });
    let body = layer().layer(server).oneshot(put("x")).await.unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(4));
    assert!(!body.is_end_stream());
    assert_eq!(body.collect().await.unwrap().to_bytes(), "four");
}

/// Dropped at any await it leaves no attempt running and no body read.
#[tokio::test(start_paused = true)]
async fn dropped_at_any_await_nothing_is_left() {
    for polls in 0..6 {
        let running = Arc::new(());
        let budget = Budget::new(Tokens::DEFAULT.capacity(20));
        let begun = AtomicU32::new(0);
        let server = service_fn(|request: Request<ReplayBody<Full<Bytes>>>| {
            begun.fetch_add(1, Relaxed);
            let running = Arc::clone(&running);
            async move {
                tokio::task::yield_now().await;
                drop((request, running));
                Ok::<_, Infallible>(answer(503))
            }
        });
        let mut client = policy().budget(budget.clone()).http_layer().layer(server);
        let mut call = Box::pin(client.ready().await.unwrap().call(put("x")));
        for _ in 0..polls {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut cx).is_pending(), "{polls}");
            tokio::time::advance(2 * DELAY).await;
        }
        drop(call);
        assert_eq!(Arc::strong_count(&running), 1, "{polls}");
        let retries = u64::from(begun.load(Relaxed) - 1);
        assert_eq!(budget.remaining(Instant::now().into_std()), 4 - retries, "{polls}");
    }
}

/// A negative pushback forbids what the code would allow.
#[tokio::test(start_paused = true)]
async fn grpc_can_say_not_to_come_back() {
    for (pushback, made) in [("-1", 1), ("250", 3)] {
        let calls = AtomicU32::new(0);
        let server = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| {
            calls.fetch_add(1, Relaxed);
            let mut response = grpc(Some("14"), Vec::new());
            response.headers_mut().insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
            ready(Ok::<_, Infallible>(response))
        });
        let _ = layer().layer(server).oneshot(put("x")).await;
        assert_eq!(calls.load(Relaxed), made);
    }
}

/// The first frame of a stream may come when the caller has sent more: it is not waited for.
#[tokio::test(start_paused = true)]
async fn the_body_of_a_response_is_not_waited_for() {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let body = Mutex::new(Some(body));
    let server = service_fn(|_: Request<ReplayBody<Empty<Bytes>>>| {
        let mut response = Response::new(body.lock().unwrap().take().unwrap());
        response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        ready(Ok::<_, Infallible>(response))
    });
    let mut call = pin!(layer().layer(server).oneshot(Request::new(Empty::new())));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = call.as_mut().poll(&mut cx) else { panic!("it waits") };
    sender.send_data(Bytes::from("late")).await.unwrap();
    drop(sender);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "late");
}
