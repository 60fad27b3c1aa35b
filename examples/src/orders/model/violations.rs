use mainstay_errors::{Details, FieldViolation};

use super::rules::Wrong;
use crate::orders::OrderError;

/// The most violations that are noted: more than every field of the largest order can have, and
/// an answer is not to be longer than the request because of made-up fields.
const MOST: usize = 512;

/// Collects everything that is wrong with a request, so that it is all told at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// Notes that a field of the body, by its JSON Pointer, is wrong.
    pub fn body(&mut self, pointer: impl Into<String>, wrong: Wrong) {
        self.note(FieldViolation::body(pointer.into(), wrong.reason, wrong.detail));
    }

    /// Notes that a query parameter is wrong.
    pub fn query(&mut self, name: impl Into<String>, wrong: Wrong) {
        self.note(FieldViolation::query(name.into(), wrong.reason, wrong.detail));
    }

    /// Notes that a header is wrong.
    pub fn header(&mut self, name: impl Into<String>, wrong: Wrong) {
        self.note(FieldViolation::header(name.into(), wrong.reason, wrong.detail));
    }

    /// The value, if nothing was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, OrderError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(OrderError::Invalid { details: Details::bad_request(self.0).into() }),
        }
    }

    fn note(&mut self, violation: FieldViolation) {
        if self.0.len() < MOST {
            self.0.push(violation);
        }
    }
}
