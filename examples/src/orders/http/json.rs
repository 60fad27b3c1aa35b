//! Reading JSON by hand, so that everything that is wrong with it is told at once.

use http::header::{CONTENT_TYPE, HeaderMap};
use mainstay_json::{ErrorKind, Limits, from_slice};
use serde_json::{Map, Value};

use super::duplicates;
use crate::orders::OrderError;
use crate::orders::model::rules::Wrong;
use crate::orders::model::{REQUIRED, Violations};

/// What nobody needs who orders something. The size is limited where the body is read.
const LIMITS: Limits = Limits::new().body(usize::MAX).depth(32);
const UNKNOWN: Wrong = Wrong { reason: "UNKNOWN_FIELD", detail: "is not known here" };
const NOT_OBJECT: Wrong = Wrong { reason: "WRONG_TYPE", detail: "must be an object" };
const NOT_ARRAY: Wrong = Wrong { reason: "WRONG_TYPE", detail: "must be an array" };
const NOT_TEXT: Wrong = Wrong { reason: "WRONG_TYPE", detail: "must be a string" };
const NOT_INTEGER: Wrong = Wrong { reason: "WRONG_TYPE", detail: "must be a whole number" };

/// Parses a body that says it is JSON. Members that are there twice are noted.
pub(super) fn read(
    headers: &HeaderMap,
    body: &[u8],
    wrong: &mut Violations,
) -> Result<Value, OrderError> {
    if !is_json(headers) {
        return Err(OrderError::UnsupportedMediaType);
    }
    match from_slice(body, &LIMITS) {
        Ok(value) => Ok(value),
        Err(error) if error.kind() == ErrorKind::DuplicateKey => with_duplicates(body, wrong),
        Err(error) => Err(OrderError::MalformedBody(error.into())),
    }
}

/// All of them are noted, and the last of each is looked at like any other.
fn with_duplicates(body: &[u8], wrong: &mut Violations) -> Result<Value, OrderError> {
    let value = serde_json::from_slice(body);
    let value = value.map_err(|error| OrderError::MalformedBody(error.into()))?;
    duplicates::note(body, wrong);
    Ok(value)
}

/// Whether the body says that it is JSON. Parameters mean nothing to that type (RFC 8259).
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// The members of an object. A member that is missing or of the wrong type is noted and `None`.
#[derive(Debug)]
pub(super) struct Members<'v, 'w> {
    values: &'v Map<String, Value>,
    pointer: String,
    wrong: &'w mut Violations,
}

impl<'v, 'w> Members<'v, 'w> {
    /// The members of the object at `pointer`. Every one that is not `known` is noted.
    pub(super) fn of(
        value: &'v Value,
        pointer: String,
        known: &[&str],
        wrong: &'w mut Violations,
    ) -> Option<Self> {
        let Value::Object(members) = value else {
            wrong.body(pointer, NOT_OBJECT);
            return None;
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            wrong.body(format!("{pointer}/{}", escaped(name)), UNKNOWN);
        }
        Some(Self { values: members, pointer, wrong })
    }

    /// A string.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.required(name)?;
        self.typed(name, value.as_str(), NOT_TEXT).map(str::to_owned)
    }

    /// A string, or `null`, or nothing.
    pub(super) fn optional_text(&mut self, name: &str) -> Option<String> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        self.typed(name, value.as_str(), NOT_TEXT).map(str::to_owned)
    }

    /// A whole number. One that does not fit is beyond every range here, and `i64::MAX` says so.
    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        let value = self.required(name)?;
        let number = value.as_i64().or_else(|| beyond(value));
        self.typed(name, number, NOT_INTEGER)
    }

    /// An array.
    pub(super) fn array(&mut self, name: &str) -> Option<&'v [Value]> {
        let value = self.required(name)?;
        self.typed(name, value.as_array(), NOT_ARRAY).map(Vec::as_slice)
    }

    fn required(&mut self, name: &str) -> Option<&'v Value> {
        let value = self.values.get(name);
        self.typed(name, value, REQUIRED)
    }

    fn typed<T>(&mut self, name: &str, value: Option<T>, otherwise: Wrong) -> Option<T> {
        if value.is_none() {
            self.wrong.body(format!("{}/{name}", self.pointer), otherwise);
        }
        value
    }
}

/// What stands for a number that no `i64` can hold, of which the parser has made a float if need be.
fn beyond(value: &Value) -> Option<i64> {
    const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;
    match value.as_f64()? {
        number if number >= TWO_TO_THE_63 => Some(i64::MAX),
        number if number < -TWO_TO_THE_63 => Some(i64::MIN),
        _ => None,
    }
}

/// A member's name as part of a JSON Pointer (RFC 6901, section 3).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
