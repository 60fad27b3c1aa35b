//! What goes through a layer in both directions, each with a number to tell it by.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body::Body;
use http_body_util::{BodyExt, Collected, Full};

use super::body::ProbeBody;
use super::state::Shared;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Reads a request to its end and says what is wrong with it.
pub(super) type Reading = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A request with nothing in it but its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping(pub u64);

/// The response to the [`Ping`] of that number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong(pub u64);

/// An extension of requests and responses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark(u64);

/// What a probe answers with.
pub(super) trait ProbeResponse {
    fn respond(number: u64, shared: &Arc<Shared>) -> Self;
}

impl ProbeResponse for Pong {
    fn respond(number: u64, _: &Arc<Shared>) -> Self {
        Self(number)
    }
}

impl ProbeResponse for Response<ProbeBody> {
    fn respond(number: u64, shared: &Arc<Shared>) -> Self {
        let mut response = Response::new(ProbeBody::new(Arc::clone(shared), number));
        response.headers_mut().extend([number_header(number)]);
        response.extensions_mut().insert(Mark(number));
        response
    }
}

pub(super) fn number_header(number: u64) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("x-probe"), number.into())
}

/// A request that may be sent again, with a body that says its number.
pub(super) fn request(number: u64) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from(number.to_string()));
    *request.method_mut() = Method::PUT;
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().extend([number_header(number)]);
    request.extensions_mut().insert(Mark(number));
    request
}

/// Finds the number of a request, and what is wrong with the rest of it.
///
/// More headers and extensions than were sent are no fault, as a layer may add some.
pub(super) fn read_request<B>(request: Request<B>) -> (u64, Reading)
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    let number = head.headers.get("x-probe").and_then(number_of).unwrap_or_default();
    let head_is_whole = head.method == Method::PUT
        && head.uri == "/"
        && head.version == Version::HTTP_2
        && head.extensions.get() == Some(&Mark(number));
    let read = async move {
        let body = body.collect().await.map_err(|error| format!("body: {}", error.into()))?;
        check(head_is_whole, "method, URI, version, header or extension")?;
        check(body.to_bytes() == number.to_string(), "body")
    };
    (number, Box::pin(read))
}

/// What of a probe's response is missing from the one a layer returned.
pub(super) fn read_response(
    head: &http::response::Parts,
    body: Collected<Bytes>,
    number: u64,
) -> Result<(), String> {
    let header = head.headers.get("x-probe").and_then(number_of);
    check(header == Some(number), "header")?;
    check(head.extensions.get() == Some(&Mark(number)), "extension")?;
    let trailer = body.trailers().and_then(|trailers| trailers.get("x-probe")).and_then(number_of);
    check(trailer == Some(number), "trailers")?;
    check(body.to_bytes() == number.to_string(), "body")
}

fn check(whole: bool, part: &str) -> Result<(), String> {
    if whole { Ok(()) } else { Err(part.to_owned()) }
}

fn number_of(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse().ok()
}
