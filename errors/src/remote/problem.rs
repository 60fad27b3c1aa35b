//! Reading a problem document (RFC 9457, section 3).

use std::borrow::Cow;
use std::time::SystemTime;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use mainstay_core::{Code, Pushback};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::RemoteFault;
use crate::{FieldViolation, Location};

const MEDIA_TYPE: &str = "application/problem+json";

impl RemoteFault {
    /// Reads a response as a problem document; `None` if it is none, by its content type or
    /// because the body is no JSON object.
    ///
    /// `now` is the calendar time against which a `Retry-After` in date form is measured. The
    /// caller bounds the body: a few KiB are plenty.
    pub fn from_problem(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = content_type.split(';').next().unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(MEDIA_TYPE) {
            return None;
        }
        let members = serde_json::from_slice(body).ok()?;
        let mut fault = Self::from_members(status, members);
        fault.retry_after = Pushback::from_headers(headers, now).and_then(Pushback::wait);
        Some(fault)
    }

    fn from_members(status: StatusCode, mut members: Map<String, Value>) -> Self {
        let mut text = |name: &str| take(&mut members, name, text_of);
        // Without a code the status has to do: the document's author chose it.
        let code = text("code").and_then(|name| Code::from_name(&name));
        let code = code.unwrap_or_else(|| Code::from_own_status(status));
        let mut fault = Self {
            reason: text("reason").unwrap_or_default(),
            domain: text("domain").filter(|domain| !domain.is_empty()),
            message: text("detail").unwrap_or_default(),
            title: text("title"),
            type_uri: text("type").filter(|uri| uri != "about:blank"),
            request_id: text("request_id"),
            trace_id: text("trace_id"),
            ..Self::bare(code, status)
        };
        // The status of the response is the true one; the member is advisory.
        let _ = take(&mut members, "status", Value::as_u64);
        fault.metadata = take(&mut members, "metadata", entries_of).unwrap_or_default();
        let violations = take(&mut members, "errors", violations_of);
        fault.details.field_violations = violations.unwrap_or_default();
        fault.members = members;
        fault
    }
}

/// Takes a member out if it is of the right type; what is not stays where it is, unread.
fn take<T>(
    members: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let read = read(members.get(name)?)?;
    members.remove(name);
    Some(read)
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn entries_of(value: &Value) -> Option<Vec<(String, String)>> {
    let entry = |(key, value): (&String, &Value)| Some((key.clone(), text_of(value)?));
    Some(value.as_object()?.iter().filter_map(entry).collect())
}

fn violations_of(value: &Value) -> Option<Vec<FieldViolation>> {
    Some(value.as_array()?.iter().filter_map(violation_of).collect())
}

fn violation_of(value: &Value) -> Option<FieldViolation> {
    let member = |name: &str| value.get(name).and_then(text_of);
    let pointer = member("pointer");
    let (location, path) = match (member("in").as_deref().and_then(Location::from_name), &pointer) {
        (None | Some(Location::Body), Some(pointer)) => {
            (Location::Body, pointer_of(pointer).into_owned())
        }
        (location, _) => (location.unwrap_or_default(), member("name").unwrap_or_default()),
    };
    Some(FieldViolation {
        location,
        path: path.into(),
        reason: member("reason").unwrap_or_default().into(),
        detail: member("detail")?.into(),
        localized: None,
    })
}

/// A JSON Pointer from a URI fragment; senders that leave the `#` out are understood.
fn pointer_of(fragment: &str) -> Cow<'_, str> {
    let encoded = fragment.strip_prefix('#').unwrap_or(fragment);
    percent_decode_str(encoded).decode_utf8_lossy()
}
