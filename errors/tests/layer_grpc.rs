//! The layer around a gRPC server: trailers-only responses with details.

#![cfg(test)]
#![cfg(all(feature = "axum", feature = "tonic"))]

use axum::body::Body;
use http::{Request, Response, StatusCode};
use mainstay_errors::{Code, Error, Fault, FaultLayer, RemoteFault};
use tonic::Status;
use tower::{Layer, ServiceExt, service_fn};

#[derive(Debug, thiserror::Error, Fault)]
#[error("no order {id} in {table}")]
#[fault(
    not_found,
    domain = "orders.example.com",
    reason = "ORDER_NOT_FOUND",
    message = "There is no order {id}."
)]
struct NotFound {
    #[fault(public)]
    id: u64,
    table: &'static str,
}

const NOT_FOUND: NotFound = NotFound { id: 7, table: "orders" };

fn request() -> Request<Body> {
    Request::post("/orders.v1.OrderService/GetOrder")
        .header("content-type", "application/grpc")
        .header("x-request-id", "r-1")
        .body(Body::empty())
        .unwrap()
}

/// What a client reads of the answer to `inner`.
async fn answer_of(inner: impl Fn() -> Response<Body> + Clone + Send + 'static) -> RemoteFault {
    read(&respond(inner).await)
}

async fn respond(
    inner: impl Fn() -> Response<Body> + Clone + Send + 'static,
) -> Response<mainstay_errors::FaultBody<Body>> {
    let inner = service_fn(move |_: Request<Body>| {
        let response = inner();
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    service.oneshot(request()).await.unwrap()
}

fn read<B: http_body::Body>(response: &Response<B>) -> RemoteFault {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    assert!(response.body().is_end_stream(), "trailers-only");
    assert_eq!(response.headers().get_all("grpc-status").iter().count(), 1);
    RemoteFault::from_grpc(response.headers()).expect("a fault")
}

#[tokio::test]
async fn a_handler_s_fault_gets_the_request_s_id() {
    let fault = answer_of(|| Status::from(NOT_FOUND).into_http()).await;
    assert_eq!((fault.code(), fault.reason()), (Code::NotFound, "ORDER_NOT_FOUND"));
    assert_eq!(fault.message(), "There is no order 7.");
    assert_eq!(fault.metadata().collect::<Vec<_>>(), [("id", "7")]);
    assert_eq!(fault.request_id(), Some("r-1"));
}

/// The generated server reads `?` in a handler as `Into<Status>`.
#[tokio::test]
async fn without_the_layer_a_status_has_its_details() {
    fn handler() -> Result<(), Status> {
        Err(NOT_FOUND)?
    }
    let fault = RemoteFault::from_tonic(&handler().unwrap_err()).unwrap();
    assert_eq!(fault.reason(), "ORDER_NOT_FOUND");
    assert_eq!(fault.domain(), Some("orders.example.com"));
    assert_eq!(fault.request_id(), None);
}

#[tokio::test]
async fn an_unknown_method_is_a_route_not_found() {
    // As the router does it, and as generated code does it.
    let generated = || {
        Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "12")
            .body(Body::empty())
            .unwrap()
    };
    for fault in
        [answer_of(|| Status::unimplemented("").into_http()).await, answer_of(generated).await]
    {
        assert_eq!((fault.code(), fault.reason()), (Code::Unimplemented, "ROUTE_NOT_FOUND"));
        assert_eq!(fault.domain(), Some("orders.example.com"));
    }
}

const SAYS_MORE: &str = "limit must be 1 to 100";

#[tokio::test]
async fn a_plain_status_gets_a_reason_and_loses_its_message() {
    for make in [Status::invalid_argument, Status::internal, Status::unavailable] {
        let fault = answer_of(move || make(SAYS_MORE).into_http()).await;
        assert_eq!(fault.reason(), fault.code().name());
        assert_ne!(fault.message(), SAYS_MORE);
    }
}

#[tokio::test]
async fn a_plain_message_stays_where_messages_are_public() {
    let layer = FaultLayer::new().domain("orders.example.com").public_status_messages();
    let with = |make: fn(&str) -> Status| {
        let inner = service_fn(move |_: Request<Body>| async move {
            Ok::<_, std::convert::Infallible>(make(SAYS_MORE).into_http::<Body>())
        });
        layer.layer(inner).oneshot(request())
    };
    let fault = read(&with(|text| Status::invalid_argument(text)).await.unwrap());
    assert_eq!((fault.reason(), fault.message()), ("INVALID_ARGUMENT", SAYS_MORE));
    let fault = read(&with(|text| Status::internal(text)).await.unwrap());
    assert_ne!(fault.message(), SAYS_MORE);
}

/// An interceptor or a layer that fails with a status keeps its code.
#[tokio::test]
async fn a_boxed_status_keeps_its_code() {
    let inner = service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, tower::BoxError>(Status::unauthenticated(SAYS_MORE).into())
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    let fault = read(&service.oneshot(request()).await.unwrap());
    assert_eq!((fault.code(), fault.reason()), (Code::Unauthenticated, "UNAUTHENTICATED"));
}

/// Whoever asks without speaking gRPC gets an answer that it can read.
#[tokio::test]
async fn a_plain_request_to_a_grpc_server_gets_a_problem() {
    let inner = service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Status::unimplemented("").into_http::<Body>())
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    let response = service.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(!response.headers().contains_key("grpc-status"));
}

/// Outside of a translator both requests and answers are gRPC-Web.
#[tokio::test]
async fn grpc_web_is_answered_in_its_own_type() {
    let inner = service_fn(|_: Request<Body>| async {
        let mut response = Status::internal("row 12 is locked").into_http::<Body>();
        let media_type = "application/grpc-web+proto".parse().unwrap();
        response.headers_mut().insert("content-type", media_type);
        Ok::<_, std::convert::Infallible>(response)
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    let request = Request::post("/").header("content-type", "application/grpc-web+proto");
    let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc-web+proto");
    let fault = RemoteFault::from_grpc(response.headers()).unwrap();
    assert_eq!(fault.reason(), "INTERNAL");
    assert!(!fault.message().contains("row 12"));
}

#[tokio::test]
async fn nested_layers_render_once() {
    let inner = service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Status::from(NOT_FOUND).into_http::<Body>())
    });
    let layer = FaultLayer::new().domain("orders.example.com");
    let once = read(&layer.layer(inner).oneshot(request()).await.unwrap());
    let twice = read(&layer.layer(layer.layer(inner)).oneshot(request()).await.unwrap());
    assert_eq!(once, twice);
}

#[tokio::test]
async fn details_that_others_wrote_are_untouched() {
    use tonic_types::{ErrorDetails, StatusExt};
    let theirs = || {
        let details = ErrorDetails::with_error_info("THEIRS", "other.example.com", []);
        Status::with_error_details(tonic::Code::Aborted, "theirs", details).into_http()
    };
    let fault = answer_of(theirs).await;
    assert_eq!((fault.reason(), fault.domain()), ("THEIRS", Some("other.example.com")));
    assert_eq!(fault.request_id(), None);
}

#[tokio::test]
async fn a_bare_http_error_becomes_a_status() {
    let bare = || {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        response
    };
    let fault = answer_of(bare).await;
    assert_eq!((fault.code(), fault.reason()), (Code::OutOfRange, "BODY_TOO_LARGE"));
    assert_eq!(fault.http_status(), 413);
}

#[tokio::test]
async fn an_http_fault_for_a_grpc_request_is_a_status() {
    use axum::response::IntoResponse;
    let fault = answer_of(|| Error::from(NOT_FOUND).into_response()).await;
    assert_eq!(fault.reason(), "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn a_panic_is_internal() {
    let fault = answer_of(|| panic!("the vault code is 1234")).await;
    assert_eq!((fault.code(), fault.reason()), (Code::Internal, "INTERNAL"));
    assert!(!fault.message().contains("vault"));
}

#[tokio::test]
async fn metadata_of_the_application_s_own_stays() {
    let with_metadata = || {
        let mut status = Status::from(NOT_FOUND);
        status.metadata_mut().insert("x-shard", "12".parse().unwrap());
        status.into_http()
    };
    let response = respond(with_metadata).await;
    assert_eq!(response.headers()["x-shard"], "12");
    assert_eq!(read(&response).reason(), "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn an_ok_in_the_headers_is_no_error() {
    let ok = || {
        Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "0")
            .body(Body::empty())
            .unwrap()
    };
    let by_tonic = || Status::ok("").into_http();
    for response in [respond(ok).await, respond(by_tonic).await] {
        assert_eq!(response.headers()["grpc-status"], "0");
        assert!(!response.headers().contains_key("grpc-status-details-bin"));
    }
}

/// tonic's own reader panics on this (grpc-rust#2618).
#[test]
fn malformed_details_of_a_peer_do_not_panic() {
    for details in [&b"\xff\xff\xff"[..], b"\x1a\xff\xff\xff\xff\x0f", b"\x1a\x02\x12\x05"] {
        let status = Status::with_details(tonic::Code::Aborted, "x", details.to_vec().into());
        let fault = RemoteFault::from_tonic(&status).unwrap();
        assert_eq!(fault.code(), Code::Aborted);
    }
}

mod mid_stream {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use tokio_stream::StreamExt;

    /// A stream that sends a message and then these trailers.
    async fn trailers_of(status: Status) -> HeaderMap {
        let body = move || {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers).unwrap();
            let frames = [Frame::data(Bytes::from_static(b"x")), Frame::trailers(trailers)];
            let frames = frames.map(Ok::<_, std::convert::Infallible>);
            let mut response =
                Response::new(Body::new(StreamBody::new(tokio_stream::iter(frames))));
            let media_type = "application/grpc".parse().unwrap();
            response.headers_mut().insert("content-type", media_type);
            response
        };
        let collected = respond(body).await.into_body().collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap();
        assert_eq!(collected.to_bytes(), "x");
        trailers
    }

    #[tokio::test]
    async fn a_fault_keeps_its_details() {
        let trailers = trailers_of(Status::from(NOT_FOUND)).await;
        let fault = RemoteFault::from_grpc(&trailers).unwrap();
        assert_eq!((fault.code(), fault.reason()), (Code::NotFound, "ORDER_NOT_FOUND"));
    }

    #[tokio::test]
    async fn an_internal_error_says_nothing() {
        let trailers = trailers_of(Status::internal("row 12 is locked")).await;
        let fault = RemoteFault::from_grpc(&trailers).unwrap();
        assert_eq!((fault.code(), fault.reason()), (Code::Internal, "INTERNAL"));
        assert!(!format!("{trailers:?}").contains("row 12"));
        assert_eq!(fault.request_id(), Some("r-1"));
    }

    #[tokio::test]
    async fn a_panic_is_internal_in_the_trailers() {
        let body = || {
            let frames = tokio_stream::iter(0..2).map(|at| match at {
                0 => Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(b"x"))),
                _ => std::panic::resume_unwind(Box::new("the vault code is 1234")),
            });
            let mut response = Response::new(Body::new(StreamBody::new(frames)));
            let media_type = "application/grpc".parse().unwrap();
            response.headers_mut().insert("content-type", media_type);
            response
        };
        let collected = respond(body).await.into_body().collect().await.unwrap();
        let fault = RemoteFault::from_grpc(collected.trailers().unwrap()).unwrap();
        assert_eq!((fault.code(), fault.reason()), (Code::Internal, "INTERNAL"));
        assert_eq!(collected.to_bytes(), "x");
    }

    #[tokio::test]
    async fn success_is_success() {
        let trailers = trailers_of(Status::ok("")).await;
        assert_eq!(trailers["grpc-status"], "0");
        assert!(!trailers.contains_key("grpc-status-details-bin"));
    }
}
