use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Limited, StreamBody, channel::Channel};
use mainstay_idempotency::{AtLeastOnce, Ending, Settle};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::support::*;

fn streamed(pieces: Vec<Bytes>) -> Body {
    let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    Body::new(StreamBody::new(stream::iter(frames)))
}

fn broken(error: impl Into<axum::BoxError>) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"half"))), Err(error.into())];
    Body::new(StreamBody::new(stream::iter(frames)))
}

fn post_body(body: Body) -> Request<Body> {
    Request::post("/orders").header("idempotency-key", "a").body(body).unwrap()
}

/// Scenario 17.
#[tokio::test]
async fn a_request_that_breaks_off_claims_nothing() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, Duration::ZERO));
    let refusal = ask(&service, post_body(broken("reset"))).await.refusal();
    assert_eq!(refusal, refused(400, "BODY_UNREADABLE"));
    // A limit around this layer that has struck is the limit's answer.
    let limited = Body::new(Limited::new(Body::from("larger than that"), 4));
    assert_eq!(ask(&service, post_body(limited)).await.refusal(), refused(413, "BODY_TOO_LARGE"));
    assert_eq!((store.claims.count(), effects.count()), (0, 0));
}

#[tokio::test]
async fn a_request_over_the_cap_claims_nothing() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).request_limit(4);
    let service = served(&layer, orders(&effects, Duration::ZERO));
    for body in [Body::from("12345"), streamed(vec!["123".into(), "45".into()])] {
        let refusal = ask(&service, post_body(body)).await.refusal();
        assert_eq!(refusal, refused(413, "BODY_TOO_LARGE"));
    }
    assert_eq!((store.claims.count(), effects.count()), (0, 0));
    assert_eq!(ask(&service, post_body(Body::from("1234"))).await.status, 201);
}

/// A handler that answers with what it was sent.
async fn echo(request: HandlerRequest) -> Response<Body> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Response::new(Body::from(body))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever pieces a body comes in: the handler has all of it, and a retry in other pieces is
    /// the same request, with the same answer byte for byte.
    #[test]
    fn bodies_are_the_same_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::array::uniform3(prop::collection::vec(0_usize..300, 0..5)),
    ) {
        let cut = |cuts: &[usize]| {
            let mut cuts: Vec<_> = cuts.iter().map(|at| *at.min(&bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            streamed(cuts.windows(2).map(|at| bytes[at[0]..at[1]].to_vec().into()).collect())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let answer = cuts[2].clone();
            let service = served(&process(&store()), move |request| {
                let answer = answer.clone();
                async move {
                    let body = echo(request).await.into_body().collect().await.unwrap().to_bytes();
                    let mut at: Vec<_> = answer.iter().map(|at| *at.min(&body.len())).collect();
                    at.extend([0, body.len()]);
                    at.sort_unstable();
                    Response::new(streamed(at.windows(2).map(|at| body.slice(at[0]..at[1])).collect()))
                }
            });
            let first = ask(&service, post_body(cut(&cuts[0]))).await;
            let second = ask(&service, post_body(cut(&cuts[1]))).await;
            assert_eq!(first.body, bytes);
            assert_eq!(second.body, bytes);
            assert!(second.is_replayed());
        });
    }
}

/// Scenario 27: Content-Encoding stays with its body, and Set-Cookie with its client.
#[tokio::test]
async fn an_encoded_body_is_replayed_with_its_encoding() {
    let gzip: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let service = served(&process(&store()), move |_| {
        let response = Response::builder()
            .header("content-encoding", "gzip")
            .header("vary", "accept-encoding")
            .header("etag", "\"1\"")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        std::future::ready(response.body(Body::from(gzip)).unwrap())
    });
    let first = ask(&service, post("a")).await;
    let second = ask(&service, post("a")).await;
    assert_eq!(first.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!((second.body.as_ref(), second.is_replayed()), (gzip, true));
    for (name, value) in
        [("content-encoding", "gzip"), ("vary", "accept-encoding"), ("etag", "\"1\"")]
    {
        assert_eq!(second.headers[name], value);
    }
    assert!(!second.headers.contains_key("set-cookie"));
}

/// Scenario 27: over the cap. It is passed on whole, and the key says that it is done.
#[tokio::test]
async fn an_answer_over_the_cap_is_passed_on_and_not_run_again() {
    let known = || Body::from("123456789");
    let unknown = || streamed(vec!["1234".into(), "56".into(), "789".into()]);
    for body in [known as fn() -> Body, unknown] {
        let (store, effects) = (store(), Effects::default());
        let service = served(&process(&store).response_limit(5), {
            let effects = effects.clone();
            move |_| {
                effects.happen();
                std::future::ready(Response::new(body()))
            }
        });
        let first = ask(&service, post("a")).await;
        assert_eq!((first.status, first.text()), (200, "123456789"));
        let refusal = ask(&service, post("a")).await.refusal();
        assert_eq!(refusal, refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
        assert_eq!(effects.count(), 1);
    }
}

#[tokio::test]
async fn an_answer_over_the_cap_is_run_again_if_the_policy_says_so() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).response_limit(5).outcomes(|ending| match ending {
        Ending::Unstorable => Settle::Release,
        other => Settle::by_default::<AtLeastOnce>(other),
    });
    let service = served(&layer, {
        let effects = effects.clone();
        move |_| {
            std::future::ready(Response::new(Body::from(format!("order {}", effects.happen()))))
        }
    });
    assert_eq!(ask(&service, post("a")).await.text(), "order 1");
    assert_eq!(ask(&service, post("a")).await.text(), "order 2");
}

/// Scenario 27: a stream is passed on as it comes, and nobody waits for the lease.
#[tokio::test(start_paused = true)]
async fn a_stream_is_passed_on_while_it_runs() {
    let store = store();
    let (senders, mut receivers) = tokio::sync::mpsc::unbounded_channel();
    let service = served(&process(&store), move |_| {
        let (body, channel) = Channel::<Bytes>::new(4);
        senders.send(body).unwrap();
        std::future::ready(Response::new(Body::new(channel)))
    });
    let start = Instant::now();
    let call = tokio::spawn(service.clone().oneshot(post("a")));
    let mut sender = receivers.recv().await.unwrap();
    sender.send_data(Bytes::from_static(b"one ")).await.unwrap();
    let response = call.await.unwrap().unwrap();
    assert_eq!(start.elapsed(), SECOND);
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
    sender.send_data(Bytes::from_static(b"two")).await.unwrap();
    drop(sender);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "one two");
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_is_passed_on_at_once() {
    let service = served(&process(&store()), move |_| {
        let (body, channel) = Channel::<Bytes>::new(4);
        tokio::spawn(async move {
            sleep(LEASE).await;
            drop(body);
        });
        let response = Response::builder().header("content-type", "text/event-stream");
        std::future::ready(response.body(Body::new(channel)).unwrap())
    });
    let start = Instant::now();
    let response = service.oneshot(post("a")).await.unwrap();
    assert_eq!((response.status().as_u16(), start.elapsed()), (200, Duration::ZERO));
}

/// A body that says how long it is is waited for.
#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_passed_on_as_it_is_and_run_again() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), {
        let effects = effects.clone();
        move |_| {
            effects.happen();
            std::future::ready(Response::new(broken("reset")))
        }
    });
    for _ in 0..2 {
        let response = service.clone().oneshot(post("a")).await.unwrap();
        let mut body = response.into_body();
        let first = body.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "half");
        assert!(body.frame().await.unwrap().is_err());
    }
    assert_eq!((effects.count(), store.renewals.count(), store.releases.count()), (2, 2, 0));
}

/// Says that it has five bytes, and goes on for ever.
struct Boundless;

impl http_body::Body for Boundless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"1234567")))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(5)
    }
}

/// A server would do the same, and there is no end to be waited for.
#[tokio::test]
async fn an_answer_is_cut_to_the_length_that_it_says() {
    let service = served(&process(&store()).response_limit(16), |_| {
        std::future::ready(Response::new(Body::new(Boundless)))
    });
    for is_replayed in [false, true] {
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.text(), seen.is_replayed()), ("12345", is_replayed));
    }
}

/// Headers and trailers are kept as well.
#[tokio::test]
async fn an_answer_with_large_headers_or_trailers_is_over_the_cap() {
    fn large() -> HeaderValue {
        "a".repeat(20 << 10).parse().unwrap()
    }
    fn in_headers() -> Response<Body> {
        Response::builder().header("location", large()).body(Body::from("x")).unwrap()
    }
    fn in_trailers() -> Response<Body> {
        let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-sum"), large())]);
        let frames = [Frame::data(Bytes::from_static(b"x")), Frame::trailers(trailers)];
        Response::new(Body::new(StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)))))
    }
    for answer in [in_headers, in_trailers] {
        for (limit, status) in [(16, 409), (5 << 10, 200)] {
            let layer = process(&store()).response_limit(limit);
            let service = served(&layer, move |_| std::future::ready(answer()));
            let first = ask(&service, post("a")).await;
            assert_eq!((first.status, first.text()), (200, "x"));
            assert_eq!(ask(&service, post("a")).await.status, status);
        }
    }
}

/// What a handler hides from logs and from compression tables stays hidden.
#[tokio::test]
async fn a_sensitive_header_is_replayed_as_one() {
    let service = served(&process(&store()), |_| {
        let mut response = created(1);
        response.headers_mut().get_mut("location").unwrap().set_sensitive(true);
        std::future::ready(response)
    });
    for _ in 0..2 {
        let seen = ask(&service, post("a")).await;
        assert!(seen.headers["location"].is_sensitive());
        assert!(!seen.headers["content-type"].is_sensitive());
    }
}

/// It goes with its connection, and cannot be given to another.
#[tokio::test]
async fn an_upgrade_is_not_replayed() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store).outcomes(|_| Settle::Store), {
        let effects = effects.clone();
        move |_| {
            effects.happen();
            let response = Response::builder().status(101).header("upgrade", "x");
            std::future::ready(response.body(Body::empty()).unwrap())
        }
    });
    assert_eq!(ask(&service, post("a")).await.status, 101);
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
    assert_eq!(effects.count(), 1);
}
