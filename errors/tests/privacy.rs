//! No text that was not declared public reaches a client: neither by a form, nor by a way.

#![cfg(test)]
#![cfg(all(feature = "axum", feature = "tonic"))]

mod common;

use std::fmt;
use std::io::ErrorKind;

use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use mainstay_errors::{
    Catalogue, Error, Fault, FaultLayer, GrpcStatus, Occurrence, Problem, RemoteFault, ResultExt,
};
use proptest::prelude::*;
use tower::{BoxError, Layer, ServiceExt, service_fn};

/// A cause whose text is nobody's business.
#[derive(Debug)]
struct Cause(String, Option<Box<Cause>>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|cause| cause as _)
    }
}

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum Secretive {
    #[error("{secret} in {public}: {other:?}")]
    #[fault(not_found, reason = "SECRET_FIELD", message = "About {public}.")]
    Field {
        #[fault(public)]
        public: u32,
        secret: String,
        other: Option<String>,
    },
    #[error("log {0}")]
    #[fault(
        unavailable,
        status = 502,
        reason = "SECRET_SOURCE",
        message = "Down.",
        retry_after = "1s"
    )]
    Source(String, #[source] Cause),
    #[error(transparent)]
    #[fault(transparent)]
    Inner(#[from] Inner),
}

#[derive(Debug, thiserror::Error, Fault)]
#[error("inner {secret}")]
#[fault(internal, reason = "SECRET_INNER", message = "Ours.")]
struct Inner {
    secret: String,
    #[source]
    cause: Cause,
}

/// Faults that have the secrets everywhere but in a public field.
fn faults(secrets: &[String; 4]) -> Vec<Error> {
    let [a, b, c, d] = secrets.clone();
    let cause = || Cause(c.clone(), Some(Box::new(Cause(d.clone(), None))));
    vec![
        Secretive::Field { public: 7, secret: a.clone(), other: Some(b.clone()) }.into(),
        Secretive::Source(a.clone(), cause()).into(),
        Secretive::Inner(Inner { secret: b.clone(), cause: cause() }).into(),
        Error::internal(cause()).note(a.clone()).note(b.clone()).with_backtrace(),
        Err::<(), _>(cause())
            .or_fault(Secretive::Field { public: 1, secret: a, other: None })
            .note(b)
            .unwrap_err(),
    ]
}

/// All that a client could read of headers: names, values, and binary values decoded.
fn text_of_headers(headers: &HeaderMap) -> Vec<u8> {
    let mut text = format!("{headers:?}").into_bytes();
    for value in headers.values() {
        text.extend_from_slice(&STANDARD_NO_PAD.decode(value.as_bytes()).unwrap_or_default());
    }
    text
}

async fn text_of<B>(response: Response<B>) -> Vec<u8>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: fmt::Debug,
{
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let mut text = text_of_headers(&head.headers);
    text.extend(text_of_headers(&trailers));
    text.extend_from_slice(&collected.to_bytes());
    assert!(!text.is_empty());
    text
}

fn http_request() -> Request<()> {
    Request::new(())
}

fn grpc_request() -> Request<()> {
    let request = Request::post("/orders.v1.OrderService/GetOrder");
    request.header("content-type", "application/grpc").body(()).unwrap()
}

/// Every text that the ways of an error to a client produce.
async fn all_forms(secrets: &[String; 4]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    let occurrence = Occurrence::new().request_id("r").domain("d.example");
    for error in faults(secrets) {
        let mut body = Vec::new();
        Problem::new(error.fault()).at(occurrence).write_to(&mut body);
        forms.push(body);
        let status = GrpcStatus::new(error.fault()).at(occurrence).to_response();
        forms.push(text_of_headers(status.headers()));
    }
    for error in faults(secrets) {
        forms.push(text_of(error.into_response()).await);
    }
    for error in faults(secrets) {
        let status = tonic::Status::from(error);
        forms.push(status.message().as_bytes().to_vec());
        forms.push(status.details().to_vec());
        forms.push(text_of_headers(status.into_http::<()>().headers()));
    }
    for request in [http_request, grpc_request] {
        for at in 0..faults(secrets).len() {
            forms.push(
                through_layer(request(), Inside::Error(faults(secrets).swap_remove(at))).await,
            );
            forms.push(
                through_layer(request(), Inside::Handler(faults(secrets).swap_remove(at))).await,
            );
            forms.push(
                through_layer(request(), Inside::Status(faults(secrets).swap_remove(at).into()))
                    .await,
            );
        }
        let secret = secrets.concat();
        let cause = || Cause(secret.clone(), None);
        forms.push(through_layer(request(), Inside::Boxed(Box::new(cause()))).await);
        forms.push(through_layer(request(), Inside::Panic(secret.clone())).await);
        forms.push(through_layer(request(), Inside::Text(secret.clone())).await);
        let from_error = tonic::Status::from_error(Box::new(cause()));
        forms.push(through_layer(request(), Inside::Status(from_error)).await);
        for kind in [ErrorKind::Other, ErrorKind::NotFound, ErrorKind::ConnectionRefused] {
            let from_io = || tonic::Status::from(std::io::Error::new(kind, secret.clone()));
            forms.push(through_layer(request(), Inside::Status(from_io())).await);
            forms.push(through_layer(request(), Inside::Boxed(Box::new(from_io()))).await);
            forms.push(through_layer(request(), Inside::Trailers(from_io())).await);
            forms.push(through_layer(request(), Inside::Headers(from_io())).await);
        }
        let internal = tonic::Status::internal(secret.clone());
        forms.push(through_layer(request(), Inside::Status(internal)).await);
    }
    forms
}

/// What the service inside the layer does.
enum Inside {
    Error(Error),
    Boxed(BoxError),
    Handler(Error),
    Status(tonic::Status),
    /// The status at the end of a stream.
    Trailers(tonic::Status),
    /// The status as another version of tonic would leave it: in the headers alone.
    Headers(tonic::Status),
    Text(String),
    Panic(String),
}

async fn through_layer(request: Request<()>, inside: Inside) -> Vec<u8> {
    let inside = std::sync::Mutex::new(Some(inside));
    let service = service_fn(move |_: Request<()>| {
        let inside = inside.lock().unwrap().take().unwrap();
        async move {
            let mut text = Response::new(axum::body::Body::empty());
            match inside {
                Inside::Error(error) => Err(BoxError::from(error)),
                Inside::Boxed(error) => Err(error),
                Inside::Handler(error) => Ok(error.into_response()),
                Inside::Status(status) => Ok(status.into_http()),
                Inside::Headers(status) => {
                    let mut response = status.into_http();
                    response.extensions_mut().clear();
                    Ok(response)
                }
                Inside::Trailers(status) => {
                    let mut trailers = HeaderMap::new();
                    status.add_header(&mut trailers).unwrap();
                    let frame = Ok::<_, std::convert::Infallible>(Frame::trailers(trailers));
                    text.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
                    Ok(text
                        .map(|_| axum::body::Body::new(StreamBody::new(tokio_stream::once(frame)))))
                }
                Inside::Text(secret) => {
                    *text.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
                    text.headers_mut()
                        .insert("content-type", "text/plain; charset=utf-8".parse().unwrap());
                    Ok(text.map(|_| axum::body::Body::new(Full::new(Bytes::from(secret)))))
                }
                // A panic, without the message that goes to the standard error stream.
                Inside::Panic(secret) => std::panic::resume_unwind(Box::new(secret)),
            }
        }
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(service);
    text_of(service.oneshot(request).await.unwrap()).await
}

fn contains(text: &[u8], secret: &str) -> bool {
    text.windows(secret.len()).any(|window| window == secret.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn secrets_are_nowhere(secrets in proptest::array::uniform4("[a-zA-Z0-9]{12,24}")) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for form in runtime.block_on(all_forms(&secrets)) {
            for secret in &secrets {
                prop_assert!(!contains(&form, secret), "{}", String::from_utf8_lossy(&form));
            }
        }
    }
}

/// The test above would pass if nothing were rendered at all, or if it could not find a secret.
#[test]
fn what_is_public_is_found() {
    let error = Error::from(Secretive::Field { public: 4242, secret: String::new(), other: None });
    let problem = Problem::new(error.fault()).to_response();
    assert!(contains(problem.body(), "4242"));
    let status = GrpcStatus::new(error.fault()).to_response();
    assert!(contains(&text_of_headers(status.headers()), "SECRET_FIELD"));
    let encoded = status.headers()["grpc-status-details-bin"].as_bytes();
    assert!(contains(&STANDARD_NO_PAD.decode(encoded).unwrap(), "4242"));
}

/// What another service said to us is not ours to say, unless it is relayed.
#[test]
fn a_remote_fault_is_a_cause_and_not_an_answer() {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", "5".parse().unwrap());
    headers.insert("grpc-message", "secret row 12 of customers".parse().unwrap());
    let remote = || RemoteFault::from_grpc(&headers).unwrap();
    let masked = Error::internal(remote());
    assert!(!contains(Problem::new(masked.fault()).to_response().body(), "customers"));
    let relayed = Error::from(remote().relay());
    assert!(contains(Problem::new(relayed.fault()).to_response().body(), "customers"));
}

#[test]
fn the_catalogue_has_templates_and_no_values() {
    let json = Catalogue::new().with::<Secretive>().unwrap().to_json();
    assert!(json.contains("About {public}."));
    assert!(!json.contains("secret}"));
}
