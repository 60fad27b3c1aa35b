use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody, channel::Channel};
use mainstay_idempotency::{Fingerprint, IdempotencyLayer, Scope};
use tower::ServiceExt;

use super::support::*;

const PATH: &str = "/orders.v1.OrderService/CreateOrder";
/// A message as gRPC frames it.
const MESSAGE: &[u8] = b"\0\0\0\0\x05hello";

fn call(key: &str) -> Request<Body> {
    let request = Request::post(PATH).header("content-type", "application/grpc");
    let request = request.header("te", "trailers").header("idempotency-key", key);
    request.body(Body::from(MESSAGE)).unwrap()
}

fn response() -> http::response::Builder {
    Response::builder().header("content-type", "application/grpc")
}

fn trailers(code: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    trailers.insert("grpc-message", HeaderValue::from_static("said"));
    trailers.insert("grpc-status-details-bin", HeaderValue::from_static("CAM"));
    trailers.insert("x-cost-bin", HeaderValue::from_static("AQ"));
    trailers
}

/// As tonic answers: a body that does not say how long it is, and the status after it.
fn answered(messages: usize, code: &'static str) -> Response<Body> {
    let frames = (0..messages).map(|_| Frame::data(Bytes::from_static(MESSAGE)));
    let frames = frames.chain([Frame::trailers(trailers(code))]).map(Ok::<_, axum::BoxError>);
    let body = StreamBody::new(stream::iter(frames.collect::<Vec<_>>()));
    response().body(Body::new(body)).unwrap()
}

fn counted(
    effects: &Effects,
    answer: impl Fn() -> Response<Body> + Clone + Send + 'static,
) -> impl Fn(HandlerRequest) -> std::future::Ready<Response<Body>> + Clone + Send + 'static {
    let effects = effects.clone();
    move |_| {
        effects.happen();
        std::future::ready(answer())
    }
}

#[tokio::test]
async fn a_unary_answer_is_replayed_with_its_trailers() {
    let effects = Effects::default();
    let service = served(&process(&store()), counted(&effects, || answered(1, "0")));
    let first = ask(&service, call("a")).await;
    let second = ask(&service, call("\"a\"")).await;
    assert_eq!((&first.body[..], &first.trailers), (MESSAGE, &Some(trailers("0"))));
    assert_eq!((&second.body, &second.trailers), (&first.body, &first.trailers));
    assert_eq!(second.headers["content-type"], "application/grpc");
    assert!(second.is_replayed() && !first.is_replayed());
    assert_eq!(effects.count(), 1);
}

/// Scenario 27: an error before any message is headers that are trailers at once.
#[tokio::test]
async fn a_trailers_only_error_is_replayed_with_its_details() {
    let effects = Effects::default();
    let service = served(&process(&store()), {
        counted(&effects, || {
            let mut response = response().body(Body::empty()).unwrap();
            response.headers_mut().extend(trailers("9"));
            response
        })
    });
    ask(&service, call("a")).await;
    let second = ask(&service, call("a")).await;
    assert_eq!((second.status, second.body.len(), &second.trailers), (200, 0, &None));
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-cost-bin"] {
        assert_eq!(second.headers[name], trailers("9")[name]);
    }
    assert_eq!(effects.count(), 1);
}

#[tokio::test]
async fn codes_that_are_no_answer_free_the_key() {
    for (code, runs) in [("0", 1), ("5", 1), ("9", 1), ("3", 1), ("10", 2), ("14", 2), ("1", 2)] {
        for trailers_only in [false, true] {
            let effects = Effects::default();
            let service = served(&process(&store()), {
                counted(&effects, move || {
                    if !trailers_only {
                        return answered(1, code);
                    }
                    response().header("grpc-status", code).body(Body::empty()).unwrap()
                })
            });
            let first = ask(&service, call("a")).await;
            let second = ask(&service, call("a")).await;
            assert_eq!((&first.body, &first.trailers), (&second.body, &second.trailers));
            assert_eq!(effects.count(), runs, "{code} {trailers_only}");
        }
    }
}

/// One that ends without a status has broken off.
#[tokio::test]
async fn an_answer_without_a_status_frees_the_key() {
    let effects = Effects::default();
    let service = served(&process(&store()), {
        counted(&effects, || response().body(Body::from(MESSAGE)).unwrap())
    });
    ask(&service, call("a")).await;
    ask(&service, call("a")).await;
    assert_eq!(effects.count(), 2);
}

/// Scenario 27: a server's stream is passed on, and nobody waits for the lease.
#[tokio::test(start_paused = true)]
async fn a_stream_is_passed_on_with_its_trailers() {
    let (senders, mut receivers) = tokio::sync::mpsc::unbounded_channel();
    let service = served(&process(&store()), move |_| {
        let (body, channel) = Channel::<Bytes>::new(4);
        senders.send(body).unwrap();
        std::future::ready(response().body(Body::new(channel)).unwrap())
    });
    let first = tokio::spawn(service.clone().oneshot(call("a")));
    let mut sender = receivers.recv().await.unwrap();
    sender.send_data(Bytes::from_static(MESSAGE)).await.unwrap();
    let passed = first.await.unwrap().unwrap();
    let second = ask(&service, call("a")).await;
    assert_eq!((second.status, &second.headers["grpc-status"]), (200, &"9".parse().unwrap()));
    sender.send_data(Bytes::from_static(MESSAGE)).await.unwrap();
    sender.send_trailers(trailers("0")).await.unwrap();
    drop(sender);
    let body = passed.into_body().collect().await.unwrap();
    assert_eq!(body.trailers(), Some(&trailers("0")));
    assert_eq!(body.to_bytes().len(), 2 * MESSAGE.len());
}

#[tokio::test(start_paused = true)]
async fn refusals_are_statuses() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let service = served(&layer, counted(&effects, || answered(1, "0")));
    let mut without = call("a");
    without.headers_mut().remove("idempotency-key");
    let code = |seen: &Seen| {
        assert_eq!((seen.status, seen.body.len()), (200, 0));
        assert_eq!(seen.headers["content-type"], "application/grpc");
        seen.headers["grpc-status"].to_str().unwrap().to_owned()
    };
    assert_eq!(code(&ask(&service, without).await), "3");
    assert_eq!(code(&ask(&service, call("a, b")).await), "3");
    ask(&service, call("a")).await;
    let mut other = call("a");
    *other.body_mut() = Body::from("else");
    assert_eq!(code(&ask(&service, other).await), "3");
    store.claims.always(Fault::Before);
    let out = ask(&service, call("b")).await;
    assert_eq!(code(&out), "14");
    assert_eq!(out.headers["grpc-retry-pushback-ms"], "1000");
    store.claims.always(Fault::None);

    let slow = served(&layer, |_| async {
        tokio::time::sleep(LEASE).await;
        answered(1, "0")
    });
    let (first, second) = tokio::join!(ask(&slow, call("c")), ask(&slow, call("c")));
    assert_eq!((first.trailers, code(&second)), (Some(trailers("0")), "10".to_owned()));
    assert_eq!(second.headers["grpc-retry-pushback-ms"], "1000");
}

/// Scenario 25: an answer in one form is never given in the other, whatever the user says is the
/// same.
#[tokio::test]
async fn http_and_grpc_are_not_mixed_up() {
    let effects = Effects::default();
    let layer = IdempotencyLayer::at_least_once(store())
        .scope(|_| Scope::everybody())
        .fingerprint(|_, _| Fingerprint::of([]));
    let service = served(&layer, {
        let effects = effects.clone();
        move |request: HandlerRequest| {
            effects.happen();
            let is_grpc = request.uri().path() == PATH;
            std::future::ready(if is_grpc { answered(1, "0") } else { created(1) })
        }
    });
    assert_eq!(ask(&service, call("a")).await.trailers, Some(trailers("0")));
    assert_eq!(ask(&service, post("a")).await.refusal(), refused(422, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(ask(&service, post("b")).await.status, 201);
    assert_eq!(ask(&service, call("b")).await.headers["grpc-status"], "3");
    assert_eq!(effects.count(), 2);
}

/// To which the layer of `tonic-web` has answered outside of this one: its errors have the status
/// in the head.
#[tokio::test]
async fn a_head_of_grpc_web_is_judged_by_its_code() {
    for (code, runs) in [("0", 1), ("9", 1), ("14", 2)] {
        let effects = Effects::default();
        let service = served(&process(&store()), {
            counted(&effects, move || {
                let response = Response::builder().header("grpc-status", code);
                let response = response.header("content-type", "application/grpc-web+proto");
                response.body(Body::empty()).unwrap()
            })
        });
        for _ in 0..2 {
            let mut call = call("a");
            let web = HeaderValue::from_static("application/grpc-web+proto");
            call.headers_mut().insert("content-type", web);
            assert_eq!(ask(&service, call).await.headers["grpc-status"], code);
        }
        assert_eq!(effects.count(), runs, "{code}");
    }
}
