//! The layer around an axum router: one shape for every error.

#![cfg(test)]
#![cfg(feature = "axum")]

mod common;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::Sample;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use mainstay_core::RequestId;
use mainstay_errors::{Error, Fault, FaultLayer, ResultExt};
use serde_json::{Value, json};
use tower::ServiceExt;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum OrderError {
    #[error("order {id} not in {table}")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
    NotFound {
        #[fault(public)]
        id: u64,
        table: &'static str,
    },
    #[error("busy")]
    #[fault(unavailable, reason = "BUSY", message = "Busy.", retry_after = "1500ms")]
    Busy,
}

#[derive(serde::Deserialize)]
struct Page {
    limit: u8,
}

fn router() -> Router {
    Router::new()
        .route("/ok", get(|| async { "fine" }))
        .route("/moved", get(|| async { Redirect::permanent("/ok") }))
        .route("/derived", get(|| async { OrderError::NotFound { id: 7, table: "orders" } }))
        .route("/busy", get(|| async { Err::<(), _>(Error::from(OrderError::Busy)) }))
        .route("/hand", get(|| async { Error::from(Sample { domain: None, ..Sample::default() }) }))
        .route("/foreign", get(|| async { "x".parse::<u8>().internal().map(|_| ()) }))
        .route("/panic", get(|| async { panic!("the vault code is 1234") as () }))
        .route("/json", post(|_: Json<Value>| async {}))
        .route("/query", get(|page: Query<Page>| async move { page.limit.to_string() }))
        .route("/own", get(own_json_error))
        .route("/replay", get(replayed_problem))
        .route("/text", get(|| async { (StatusCode::CONFLICT, "row 12 is locked") }))
        .route("/teapot", get(|| async { StatusCode::IM_A_TEAPOT }))
        .layer(DefaultBodyLimit::max(64))
        .layer(FaultLayer::new().domain("orders.example.com"))
}

/// An error in a shape of the application's own.
async fn own_json_error() -> impl IntoResponse {
    (StatusCode::BAD_REQUEST, Json(json!({"mine": true})))
}

/// A problem that another service made.
async fn replayed_problem() -> Response<Body> {
    Response::builder()
        .status(404)
        .header("content-type", "application/problem+json")
        .body(Body::from(r#"{"title":"theirs"}"#))
        .unwrap()
}

async fn send(request: Request<Body>) -> Response<Body> {
    router().oneshot(request).await.unwrap()
}

async fn fetch(path: &str) -> Response<Body> {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn document(response: Response<Body>) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body.len(), length);
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["status"], status.as_u16());
    assert_eq!(document["domain"], "orders.example.com");
    let id = document["request_id"].as_str().unwrap();
    assert_eq!(document["instance"], format!("urn:request:{id}"));
    document
}

async fn reason(response: Response<Body>) -> String {
    document(response).await["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_no_error_is_untouched() {
    let response = fetch("/ok").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "fine");
    assert_eq!(fetch("/moved").await.status(), 308);
}

#[tokio::test]
async fn a_handlers_fault_is_rendered_with_what_the_layer_knows() {
    let request = Request::get("/derived")
        .header("x-request-id", "r-1")
        .header("traceparent", TRACEPARENT)
        .body(Body::empty());
    let document = document(send(request.unwrap()).await).await;
    assert_eq!(document["reason"], "ORDER_NOT_FOUND");
    assert_eq!(document["detail"], "There is no order 7.");
    assert_eq!(document["request_id"], "r-1");
    assert_eq!(document["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn an_error_type_and_a_hand_written_fault_are_rendered_alike() {
    let response = fetch("/busy").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(reason(response).await, "BUSY");
    assert_eq!(reason(fetch("/hand").await).await, "ORDER_NOT_FOUND");
    assert_eq!(reason(fetch("/foreign").await).await, "INTERNAL");
}

#[tokio::test]
async fn without_the_layer_a_fault_renders_by_itself() {
    let response = OrderError::NotFound { id: 7, table: "orders" }.into_response();
    assert_eq!(response.status(), 404);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["reason"], "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn a_router_s_errors_have_reasons() {
    assert_eq!(reason(fetch("/nowhere").await).await, "ROUTE_NOT_FOUND");

    let request = Request::delete("/json").body(Body::empty()).unwrap();
    let response = send(request).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(reason(response).await, "METHOD_NOT_ALLOWED");

    assert_eq!(reason(fetch("/teapot").await).await, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn an_extractor_s_errors_have_reasons_and_lose_their_text() {
    let post = |body: &'static str, media_type: &str| {
        let request = Request::post("/json").header("content-type", media_type);
        send(request.body(Body::from(body)).unwrap())
    };
    let table = [
        (post("{}", "text/csv").await, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post("{", "application/json").await, 400, "BAD_REQUEST"),
        (
            post(
                concat!(
                    "\"",
                    "0123456789012345678901234567890123456789012345678901234567890123456789",
                    "\""
                ),
                "application/json",
            )
            .await,
            413,
            "BODY_TOO_LARGE",
        ),
        (fetch("/query?limit=many").await, 400, "BAD_REQUEST"),
        (fetch("/text").await, 409, "CONFLICT"),
    ];
    for (response, status, expected) in table {
        assert_eq!(response.status(), status, "{expected}");
        let document = document(response).await;
        assert_eq!(document["reason"], expected);
        let text = document.to_string();
        assert!(!text.contains("deserialize") && !text.contains("row 12"), "{text}");
    }
}

#[tokio::test]
async fn a_panic_is_internal_and_says_nothing() {
    let response = fetch("/panic").await;
    assert_eq!(response.status(), 500);
    let document = document(response).await;
    assert_eq!(document["reason"], "INTERNAL");
    assert_eq!(document["code"], "INTERNAL");
    assert!(!document.to_string().contains("vault"));
}

#[tokio::test]
async fn errors_in_another_shape_are_untouched() {
    let response = fetch("/own").await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/json");
    let response = fetch("/replay").await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"title":"theirs"}"#);
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    for path in ["/nowhere", "/derived"] {
        let request = Request::builder().method(Method::HEAD).uri(path).body(Body::empty());
        let response = send(request.unwrap()).await;
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_ne!(response.headers()["content-length"], "0");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 0);
    }
}

#[tokio::test]
async fn the_request_id_is_taken_checked_or_made() {
    // An id that another layer chose comes before what the client sent.
    let chosen: RequestId = "chosen".parse().unwrap();
    let request = Request::get("/nowhere").header("x-request-id", "sent").extension(chosen);
    let answer = document(send(request.body(Body::empty()).unwrap()).await).await;
    assert_eq!(answer["request_id"], "chosen");

    let long = "x".repeat(65);
    for unusable in ["", "two words", "<script>", &long] {
        let request = Request::get("/nowhere").header("x-request-id", unusable);
        let answer = document(send(request.body(Body::empty()).unwrap()).await).await;
        let made = answer["request_id"].as_str().unwrap();
        assert_ne!(made, unusable);
        assert_eq!(made.len(), 32);
    }
}

#[tokio::test]
async fn a_traceparent_that_is_malformed_is_no_trace() {
    let request = Request::get("/nowhere").header("traceparent", TRACEPARENT.to_uppercase());
    let answer = document(send(request.body(Body::empty()).unwrap()).await).await;
    assert_eq!(answer.get("trace_id"), None);
}

/// Around the whole router a HEAD's body is stripped already, and its type tells what it was.
#[tokio::test]
async fn head_of_another_shape_is_untouched_around_a_router() {
    use tower::Layer;
    let service = FaultLayer::new().layer(
        Router::new().route("/own", get(own_json_error)).route("/replay", get(replayed_problem)),
    );
    for (path, media_type) in
        [("/own", "application/json"), ("/replay", "application/problem+json")]
    {
        let request = Request::head(path).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], media_type);
        assert!(!response.headers().contains_key("x-request-id"));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 0);
    }
}

/// RFC 9457: the status in the body is that of the response.
#[tokio::test]
async fn a_status_that_was_changed_on_the_way_is_in_the_body_too() {
    let gone = |mut response: Response<Body>| async {
        *response.status_mut() = StatusCode::GONE;
        response
    };
    let router = Router::new()
        .route("/", get(|| async { OrderError::Busy }))
        .layer(axum::middleware::map_response(gone))
        .layer(FaultLayer::new());
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 410);
    assert_eq!(document(response).await["reason"], "BUSY");
}

#[tokio::test]
async fn a_body_that_was_replaced_on_the_way_stays() {
    let page = |mut response: Response<Body>| async {
        response.headers_mut().insert("content-type", "text/html".parse().unwrap());
        response.headers_mut().remove("content-length");
        response.map(|_| Body::from("<h1>Sorry</h1>"))
    };
    let router = Router::new()
        .route("/", get(|| async { OrderError::Busy }))
        .layer(axum::middleware::map_response(page))
        .layer(FaultLayer::new());
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "<h1>Sorry</h1>");
}

#[tokio::test]
async fn two_layers_are_as_one() {
    let router = router().layer(FaultLayer::new().domain("other.example.com"));
    let response = router.oneshot(Request::get("/hand").body(Body::empty()).unwrap()).await;
    assert_eq!(reason(response.unwrap()).await, "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn a_help_link_is_there_once() {
    #[derive(Debug, thiserror::Error, Fault)]
    #[error("x")]
    #[fault(aborted, reason = "HELPED", message = "X.", help = "https://example.com/help")]
    struct Helped;
    let router = Router::new().route("/", get(|| async { Helped })).layer(FaultLayer::new());
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers().get_all("link").iter().count(), 1);
}

#[tokio::test]
async fn two_traceparents_are_none() {
    let request = Request::get("/nowhere")
        .header("traceparent", TRACEPARENT)
        .header("traceparent", TRACEPARENT.replace('4', "5"));
    let answer = document(send(request.body(Body::empty()).unwrap()).await).await;
    assert_eq!(answer.get("trace_id"), None);

    let later = TRACEPARENT.replace("00-4", "01-4") + "-and-what-is-to-come";
    let request = Request::get("/nowhere").header("traceparent", later);
    let answer = document(send(request.body(Body::empty()).unwrap()).await).await;
    assert_eq!(answer["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

/// A fault whose message panics is answered with, if not by what it would say.
#[tokio::test]
async fn a_panic_in_a_message_is_internal() {
    use tower::{BoxError, Layer, service_fn};
    #[derive(Debug, thiserror::Error)]
    #[error("x")]
    struct Broken;
    impl Fault for Broken {
        fn kind(&self) -> mainstay_errors::Kind<'_> {
            mainstay_errors::Kind::new(mainstay_errors::Code::Aborted, "BROKEN")
        }
        fn message(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::panic::resume_unwind(Box::new("in the message"))
        }
    }
    let inner =
        service_fn(|_: Request<Body>| async { Err::<Response<Body>, BoxError>(Broken.into()) });
    let service = FaultLayer::new().domain("orders.example.com").recognise::<Broken>().layer(inner);
    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(reason(response.map(Body::new)).await, "INTERNAL");
}

/// A middleware between handler and layer has the last word.
#[tokio::test]
async fn a_status_that_was_changed_on_the_way_stays() {
    let router = Router::new()
        .route("/", get(|| async { OrderError::Busy }))
        .layer(axum::middleware::map_response(|mut response: Response<Body>| async {
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
            response
        }))
        .layer(FaultLayer::new().domain("orders.example.com"));
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 418);
}

#[tokio::test]
async fn the_errors_of_inner_layers_are_found_by_type() {
    use tower::{BoxError, Layer, service_fn};

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Wrapper(#[source] Arc<BoxError>);

    async fn answer(layer: FaultLayer, make: fn() -> BoxError) -> String {
        let inner =
            service_fn(
                move |_: Request<Body>| async move { Err::<Response<Body>, BoxError>(make()) },
            );
        let service = layer.domain("orders.example.com").layer(inner);
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let document: Value = serde_json::from_slice(&body).unwrap();
        document["reason"].as_str().unwrap().to_owned()
    }

    let boxed: fn() -> BoxError = || Box::new(OrderError::Busy);
    assert_eq!(answer(FaultLayer::new(), boxed).await, "INTERNAL");
    assert_eq!(answer(FaultLayer::new().recognise::<OrderError>(), boxed).await, "BUSY");
    let ours: fn() -> BoxError = || Error::from(OrderError::Busy).into();
    assert_eq!(answer(FaultLayer::new(), ours).await, "BUSY");
    let elapsed: fn() -> BoxError = || Box::new(tower::timeout::error::Elapsed::new());
    let layer = FaultLayer::new()
        .recognise_as(|_: &tower::timeout::error::Elapsed| OrderError::Busy.into());
    assert_eq!(answer(layer, elapsed).await, "BUSY");
    let deep: fn() -> BoxError = || Box::new(std::io::Error::other(Wrapper(Arc::new("x".into()))));
    assert_eq!(answer(FaultLayer::new(), deep).await, "INTERNAL");
    let nested: fn() -> BoxError = || Box::new(std::io::Error::other(OrderError::Busy));
    assert_eq!(answer(FaultLayer::new().recognise::<OrderError>(), nested).await, "INTERNAL");
}
