//! `Json` in a real router, and in the place of `axum::Json`.

#![cfg(test)]
#![cfg(feature = "axum")]

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body as _, Frame};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Limited};
use mainstay_json::{EncodeError, Json, Limits, SensitiveJson};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::{ServiceExt, service_fn};

type Body = axum::body::Body;

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    sku: String,
    quantity: u32,
}

async fn echo(Json(lines): Json<Vec<Line>>) -> Json<Vec<Line>> {
    Json(lines)
}

fn router() -> Router {
    Router::new().route("/", post(echo))
}

async fn send(router: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

fn request(body: impl Into<Body>) -> Request<Body> {
    let json = Request::post("/").header(CONTENT_TYPE, "application/json");
    json.body(body.into()).unwrap()
}

async fn status(router: Router, body: impl Into<Body>) -> StatusCode {
    send(router, request(body)).await.0
}

const GOOD: &str = r#"[{"sku":"A-1","quantity":2}]"#;

#[tokio::test]
async fn there_and_back() {
    let (status, headers, body) = send(router(), request(GOOD)).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, GOOD.as_bytes()));
    assert_eq!(headers[CONTENT_TYPE], "application/json");
}

#[test]
fn the_length_is_the_bodys() {
    let response = Json([1, 2, 3]).into_response();
    assert_eq!(response.body().size_hint().exact(), Some(7));
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
}

#[tokio::test]
async fn media_types() {
    for (kind, expected) in [
        (Some("application/json"), StatusCode::OK),
        (Some("Application/JSON; charset=utf-8"), StatusCode::OK),
        (Some("application/vnd.orders+json"), StatusCode::OK),
        (Some("text/json"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let mut request = Request::post("/");
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let (status, ..) = send(router(), request.body(GOOD.into()).unwrap()).await;
        assert_eq!(status, expected, "{kind:?}");
    }
}

async fn optional(lines: Option<Json<Vec<Line>>>) -> String {
    lines.map_or("none".to_owned(), |Json(lines)| lines.len().to_string())
}

#[tokio::test]
async fn optional_json() {
    let router = || Router::new().route("/", post(optional));
    let bare = || Request::post("/");
    let (status, _, body) = send(router(), bare().body(Body::empty()).unwrap()).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"none"[..]));
    let (status, _, body) = send(router(), request(GOOD)).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"1"[..]));
    let (status, ..) = send(router(), request("")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let text = bare().header(CONTENT_TYPE, "text/plain").body(Body::empty()).unwrap();
    assert_eq!(send(router(), text).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn rejections_say_where_and_nothing_more() {
    for (body, status, pointer) in [
        ("[", 400, None),
        ("[] x", 400, None),
        (r#"[{"sku":"hunter2","quantity":"hunter2"}]"#, 422, Some("/0/quantity")),
        (r#"[{"sku":"hunter2"}]"#, 422, Some("/0")),
        (r#"[{"sku":"hunter2","quantity":1,"x":{"y":"hunter2","y":2}}]"#, 422, Some("/0/x/y")),
    ] {
        let (got, headers, answer) = send(router(), request(body)).await;
        assert_eq!(got, status, "{body}");
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{body}");
        let text = std::str::from_utf8(&answer).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("u32"), "{text}");
        let problem: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(problem["status"], status);
        if let Some(pointer) = pointer {
            assert_eq!(place(&problem), pointer, "{text}");
        }
    }
}

fn place(problem: &Value) -> &str {
    problem["errors"][0]["pointer"].as_str().unwrap().strip_prefix('#').unwrap()
}

/// Whether `mainstay-errors` writes them or not.
#[tokio::test]
async fn rejections_are_the_same_documents_with_every_feature() {
    for (body, document) in [
        (
            r#"[{"sku":"A","quantity":1,"a/b é":[1,{"<":1,"<":2}]}]"#,
            concat!(
                r#"{"title":"Unprocessable Entity","status":422,"#,
                r#""detail":"The request has wrong or missing fields.","#,
                r#""code":"INVALID_ARGUMENT","reason":"VALIDATION_FAILED","#,
                r#""errors":[{"detail":"This name is in its object twice.","#,
                r##""reason":"DUPLICATE_KEY","in":"body","pointer":"#/0/a~1b%20%C3%A9/1/%3C"}]}"##,
            ),
        ),
        (
            "[1,]",
            concat!(
                r#"{"title":"Unprocessable Entity","status":422,"#,
                r#""detail":"The request has wrong or missing fields.","#,
                r#""code":"INVALID_ARGUMENT","reason":"VALIDATION_FAILED","#,
                r#""errors":[{"detail":"This value is not what is expected here.","#,
                r##""reason":"INVALID_VALUE","in":"body","pointer":"#/0"}]}"##,
            ),
        ),
        (
            "[,]",
            concat!(
                r#"{"title":"Bad Request","status":400,"#,
                r#""detail":"The body is malformed JSON, at line 1 column 2.","#,
                r#""code":"INVALID_ARGUMENT","reason":"MALFORMED_BODY"}"#,
            ),
        ),
    ] {
        let (_, headers, answer) = send(router(), request(body)).await;
        assert_eq!(std::str::from_utf8(&answer).unwrap(), document);
        assert_eq!(headers[CONTENT_LENGTH], document.len().to_string());
    }
    let text = Request::post("/").header(CONTENT_TYPE, "text/plain").body(Body::empty()).unwrap();
    let (_, _, answer) = send(router(), text).await;
    let document = concat!(
        r#"{"title":"Unsupported Media Type","status":415,"#,
        r#""detail":"The body must be application/json, and not be compressed.","#,
        r#""code":"INVALID_ARGUMENT","reason":"UNSUPPORTED_MEDIA_TYPE"}"#,
    );
    assert_eq!(std::str::from_utf8(&answer).unwrap(), document);
}

/// So many bytes of JSON.
fn blank(bytes: usize) -> String {
    format!("{}[]", " ".repeat(bytes - 2))
}

/// The same without a length.
fn streamed(bytes: usize) -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        for chunk in blank(bytes).into_bytes().chunks(1000) {
            if sender.send_data(Bytes::copy_from_slice(chunk)).await.is_err() {
                return;
            }
        }
    });
    Body::new(body)
}

#[tokio::test]
async fn the_limit_is_axums_unless_there_are_limits() {
    const DEFAULT: usize = 2 * 1024 * 1024;
    const LARGE: StatusCode = StatusCode::PAYLOAD_TOO_LARGE;
    assert_eq!(status(router(), blank(DEFAULT)).await, StatusCode::OK);
    assert_eq!(status(router(), blank(DEFAULT + 1)).await, LARGE);
    assert_eq!(status(router(), streamed(DEFAULT)).await, StatusCode::OK);
    assert_eq!(status(router(), streamed(DEFAULT + 1)).await, LARGE);

    let axums = |limit| router().layer(limit);
    assert_eq!(status(axums(DefaultBodyLimit::max(10)), blank(10)).await, StatusCode::OK);
    assert_eq!(status(axums(DefaultBodyLimit::max(10)), blank(11)).await, LARGE);
    assert_eq!(status(axums(DefaultBodyLimit::max(1000)), streamed(1001)).await, LARGE);
    let none = axums(DefaultBodyLimit::disable());
    assert_eq!(status(none, blank(DEFAULT + 1)).await, StatusCode::OK);

    let ours = |limits| router().layer(Extension::<Limits>(limits));
    assert_eq!(status(ours(Limits::new().body(10)), blank(11)).await, LARGE);
    assert_eq!(status(ours(Limits::new().body(1000)), streamed(1001)).await, LARGE);
    let more = || ours(Limits::new().body(DEFAULT + 1));
    assert_eq!(status(more(), blank(DEFAULT + 1)).await, StatusCode::OK);
    let both = ours(Limits::new().body(20)).layer(DefaultBodyLimit::max(10));
    assert_eq!(status(both, blank(15)).await, StatusCode::OK);
    assert_eq!(status(ours(Limits::new().array(0)), GOOD).await, LARGE);
    // Limits of something else leave the size to axum.
    let other = || ours(Limits::new().array(10)).layer(DefaultBodyLimit::max(10));
    assert_eq!(status(other(), blank(10)).await, StatusCode::OK);
    assert_eq!(status(other(), blank(11)).await, LARGE);
    assert_eq!(status(ours(Limits::new().array(10)), blank(DEFAULT + 1)).await, LARGE);
}

#[tokio::test]
async fn a_limit_of_another_layer_is_a_limit() {
    let inner = router();
    let limited = service_fn(move |request: Request<Body>| {
        inner.clone().oneshot(request.map(|body| Body::new(Limited::new(body, 10))))
    });
    let response = limited.oneshot(request(blank(11))).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

/// A body whose sender waits for the answer before it sends anything.
struct Waiting;

impl http_body::Body for Waiting {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        panic!("it is read");
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_read() {
    for router in [
        router(),
        router().layer(DefaultBodyLimit::max(10)),
        router().layer(Extension(Limits::new().body(1000))),
    ] {
        let mut request = request(Body::new(Waiting));
        request.headers_mut().insert(CONTENT_LENGTH, "1000000000".parse().unwrap());
        assert_eq!(send(router, request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_limit() {
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    sender.abort(std::io::Error::other("hunter2"));
    let (status, _, answer) = send(router(), request(Body::new(body))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!std::str::from_utf8(&answer).unwrap().contains("hunter2"));
}

/// A map whose keys are no strings.
fn unwritable() -> BTreeMap<(u8, u8), &'static str> {
    BTreeMap::from([((1, 2), "x")])
}

#[tokio::test]
async fn a_value_that_cannot_be_written() {
    for response in
        [Json(unwritable()).into_response(), SensitiveJson(unwritable()).into_response()]
    {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert!(kept(&response), "the log gets to know nothing");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!std::str::from_utf8(&body).unwrap().contains("key"), "{body:?}");
    }
}

fn kept(response: &Response<Body>) -> bool {
    response.extensions().get::<Arc<EncodeError>>().is_some()
}

#[tokio::test]
async fn secrets() {
    let response = SensitiveJson([1, 2]).into_response();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    assert_eq!(response.body().size_hint().exact(), Some(5));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "[1,2]");
    assert_eq!(format!("{:?}", SensitiveJson("hunter2")), "SensitiveJson { .. }");
}

/// A handler as people have it, which knows nothing but the name `Json`.
macro_rules! handlers {
    ($json:path) => {
        use $json as Json;

        async fn create(
            axum::extract::Path(id): axum::extract::Path<u32>,
            Json(mut line): Json<super::Line>,
        ) -> Result<(http::StatusCode, Json<super::Line>), http::StatusCode> {
            line.quantity += id;
            Ok((http::StatusCode::CREATED, Json(line)))
        }

        async fn read(lines: Option<Json<Vec<super::Line>>>) -> impl axum::response::IntoResponse {
            let lines = lines.map(|Json(lines)| lines).unwrap_or_default();
            ([("x-lines", lines.len().to_string())], Json::from(lines))
        }

        async fn look(line: Json<super::Line>) -> String {
            line.sku.clone()
        }

        pub(super) fn router() -> axum::Router {
            axum::Router::new()
                .route("/lines/{id}", axum::routing::put(create))
                .route("/lines", axum::routing::post(read))
                .route("/look", axum::routing::post(look))
        }
    };
}

mod theirs {
    handlers!(axum::Json);
}

mod ours {
    handlers!(mainstay_json::Json);
}

#[tokio::test]
async fn in_the_place_of_axums() {
    let line = r#"{"sku":"A-1","quantity":2}"#;
    for (method, path, body) in
        [("PUT", "/lines/7", line), ("POST", "/lines", GOOD), ("POST", "/look", line)]
    {
        let request = || {
            let json = Request::builder().header(CONTENT_TYPE, "application/json");
            json.method(method).uri(path).body(Body::from(body)).unwrap()
        };
        let (theirs, ours) = (send(theirs::router(), request()), send(ours::router(), request()));
        assert_eq!(theirs.await, ours.await, "{path}");
    }
}

#[tokio::test]
async fn content_types_as_axum_takes_them() {
    for kind in [
        "application/json",
        "application/json;",
        "application/json; ",
        "application/json;;",
        "application/json; charset",
        "application/json; charset=",
        "application/json; charset=utf-8",
        "application/json;charset=\"utf-8\"",
        "application/json; charset=\"utf-8",
        "application/json; charset=utf-16; a=b",
        "application/json; a b=c",
        "application/json; =c",
        "APPLICATION/vnd.a+JSON; Version=1",
        "text/json",
        "application/json, text/plain",
    ] {
        let look = || {
            let json = Request::post("/look").header(CONTENT_TYPE, kind);
            json.body(Body::from(r#"{"sku":"A-1","quantity":2}"#)).unwrap()
        };
        let (theirs, ours) = (send(theirs::router(), look()), send(ours::router(), look()));
        assert_eq!(theirs.await.0, ours.await.0, "{kind}");
    }
}
