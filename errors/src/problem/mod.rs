//! The HTTP form of a fault: problem details (RFC 9457).

mod json;
mod title;

use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LINK, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use mainstay_core::Pushback;

use crate::{Fault, FieldViolation, Kind, Location, Occurrence, PublicMessage};
use json::JsonString;
use title::Title;

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The most entries that `errors` has.
const MOST_ERRORS: usize = 1024;
/// The most links to pages that help.
const MOST_LINKS: usize = 8;
/// Room for a document without `errors`, so that most need no second allocation.
pub(crate) const USUAL_LEN: usize = 512;

/// A fault as a problem document (RFC 9457), with the extension members `code`, `reason`,
/// `domain`, `metadata`, `request_id`, `trace_id` and `errors`.
///
/// It is written straight into a buffer of the caller's, in one pass. `errors` has the first 1024
/// field violations at most.
///
/// ```
/// # use mainstay_errors::{Fault, Occurrence, Problem};
/// #[derive(Debug, thiserror::Error, Fault)]
/// #[error("order {id} not in {table}")]
/// #[fault(not_found, domain = "orders.example.com", reason = "ORDER_NOT_FOUND",
///         message = "There is no order {id}.")]
/// struct NotFound {
///     #[fault(public)]
///     id: u64,
///     table: &'static str,
/// }
///
/// let fault = NotFound { id: 7, table: "orders_2026" };
/// let mut buffer = Vec::new();
/// Problem::new(&fault)
///     .at(Occurrence::new().request_id("r-1"))
///     .write_to(&mut buffer);
///
/// let document: serde_json::Value = serde_json::from_slice(&buffer)?;
/// assert_eq!(document["type"], "https://orders.example.com/problems/ORDER_NOT_FOUND");
/// assert_eq!(document["title"], "Order not found");
/// assert_eq!(document["status"], 404);
/// assert_eq!(document["detail"], "There is no order 7.");
/// assert_eq!(document["instance"], "urn:request:r-1");
/// assert_eq!(document["metadata"]["id"], "7");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    fault: &'a dyn Fault,
    occurrence: Occurrence<'a>,
    /// Another status than the fault's own, with which it is sent all the same.
    status: Option<StatusCode>,
}

impl<'a> Problem<'a> {
    /// The fault as a problem, of no known occurrence.
    pub fn new(fault: &'a dyn Fault) -> Self {
        Self { fault, occurrence: Occurrence::default(), status: None }
    }

    /// The same, of this occurrence.
    #[must_use]
    pub fn at(mut self, occurrence: Occurrence<'a>) -> Self {
        self.occurrence = occurrence;
        self
    }

    /// The same, sent with the status that somebody else has chosen for it.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// The status to send it with.
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| self.fault.kind().http_status())
    }

    /// Appends the document to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let kind = self.fault.kind().or_domain(self.occurrence.domain);
        write_type_and_title(out, &kind);
        write_status(out, self.status());
        out.extend_from_slice(b",\"detail\":\"");
        JsonString(out).display(&PublicMessage(self.fault));
        out.push(b'"');
        if let Some(id) = self.occurrence.request_id {
            out.extend_from_slice(b",\"instance\":\"urn:request:");
            JsonString(out).text(id);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"code\":\"");
        out.extend_from_slice(kind.code.name().as_bytes());
        out.push(b'"');
        write_member(out, b",\"reason\":\"", Some(kind.reason).filter(|it| !it.is_empty()));
        write_member(out, b",\"domain\":\"", kind.domain.filter(|it| !it.is_empty()));
        write_metadata(out, self.fault);
        write_member(out, b",\"request_id\":\"", self.occurrence.request_id);
        write_member(out, b",\"trace_id\":\"", self.occurrence.trace_id);
        if let Some(details) = self.fault.details() {
            write_errors(out, &details.field_violations);
        }
        out.push(b'}');
    }

    /// Sets the headers that go with the document: `Content-Type`, `Retry-After` if there is a
    /// wait, `Link` for each of at most eight help pages.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.fault.retry_after() {
            headers.insert(RETRY_AFTER, Pushback::to_retry_after(wait));
        }
        let more = self.fault.details().map(|details| details.help.as_slice()).unwrap_or_default();
        let urls = self.fault.kind().help.into_iter().chain(more.iter().map(|link| &*link.url));
        for url in urls.take(MOST_LINKS) {
            write_link(headers, url);
        }
    }

    /// The whole response.
    pub fn to_response(&self) -> Response<Bytes> {
        let mut body = Vec::with_capacity(USUAL_LEN);
        self.write_to(&mut body);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        let len = HeaderValue::from(response.body().len());
        response.headers_mut().insert(CONTENT_LENGTH, len);
        self.write_headers(response.headers_mut());
        response
    }
}

/// Adds a link to a help page, unless an earlier rendering has done so. What is no URL, and so
/// could go on after the `>`, may come from another service.
fn write_link(headers: &mut HeaderMap, url: &str) {
    let is_url = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
    if url.is_empty() || !url.bytes().all(is_url) {
        return;
    }
    if let Ok(link) = HeaderValue::try_from(format!("<{url}>; rel=\"help\""))
        && !headers.get_all(LINK).iter().any(|there| there == link)
    {
        headers.append(LINK, link);
    }
}

/// The first two members. Without a type the problem is `about:blank`, whose title is the
/// status phrase (RFC 9457, section 4.2.1).
fn write_type_and_title(out: &mut Vec<u8>, kind: &Kind<'_>) {
    match (kind.type_uri, kind.domain) {
        (Some(uri), _) => write_member(out, b"{\"type\":\"", Some(uri)),
        (None, Some(domain)) if !domain.is_empty() && !kind.reason.is_empty() => {
            write_member_open(out, b"{\"type\":\"https://", domain);
            write_member(out, b"/problems/", Some(kind.reason));
        }
        (None, _) => {
            out.extend_from_slice(b"{\"title\":\"");
            return write_title(out, &Title::of_status(kind.http_status()));
        }
    }
    out.extend_from_slice(b",\"title\":\"");
    write_title(out, &Title::of_kind(kind));
}

fn write_title(out: &mut Vec<u8>, title: &Title<'_>) {
    title.write_to(&mut JsonString(out));
    out.push(b'"');
}

fn write_status(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b",\"status\":");
    out.extend_from_slice(status.as_str().as_bytes());
}

/// A member with a string value; `start` is its key up to the opening quote of the value.
fn write_member(out: &mut Vec<u8>, start: &[u8], value: Option<&str>) {
    if let Some(value) = value {
        write_member_open(out, start, value);
        out.push(b'"');
    }
}

fn write_member_open(out: &mut Vec<u8>, start: &[u8], value: &str) {
    out.extend_from_slice(start);
    JsonString(out).text(value);
}

fn write_metadata(out: &mut Vec<u8>, fault: &dyn Fault) {
    let mut start: &[u8] = b",\"metadata\":{\"";
    fault.metadata(&mut |key, value: &dyn fmt::Display| {
        out.extend_from_slice(start);
        JsonString(out).text(key);
        out.extend_from_slice(b"\":\"");
        JsonString(out).display(value);
        out.push(b'"');
        start = b",\"";
    });
    if start == b",\"" {
        out.push(b'}');
    }
}

fn write_errors(out: &mut Vec<u8>, violations: &[FieldViolation]) {
    let mut start: &[u8] = b",\"errors\":[";
    for violation in violations.iter().take(MOST_ERRORS) {
        out.extend_from_slice(start);
        write_violation(out, violation);
        start = b",";
    }
    if !violations.is_empty() {
        out.push(b']');
    }
}

fn write_violation(out: &mut Vec<u8>, violation: &FieldViolation) {
    write_member(out, b"{\"detail\":\"", Some(&violation.detail));
    write_member(out, b",\"reason\":\"", Some(&*violation.reason).filter(|it| !it.is_empty()));
    write_member(out, b",\"in\":\"", Some(violation.location.as_str()));
    if violation.location == Location::Body {
        out.extend_from_slice(b",\"pointer\":\"#");
        JsonString(out).display(&json::fragment(&violation.path));
        out.extend_from_slice(b"\"}");
    } else {
        write_member(out, b",\"name\":\"", Some(&violation.path));
        out.push(b'}');
    }
}
