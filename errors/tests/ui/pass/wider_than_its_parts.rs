//! A public fault may have private parts.
#![deny(warnings)]
#![allow(dead_code)]

use mainstay_errors::Fault;

#[derive(Debug)]
struct Id(u64);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Debug, thiserror::Error, Fault)]
#[error("inner")]
#[fault(internal, reason = "INNER", message = "It broke.")]
struct Inner;

#[derive(Debug, thiserror::Error, Fault)]
#[error("no {id:?}")]
#[fault(not_found, reason = "NOT_FOUND", message = "There is no {id}.")]
pub struct NotFound<T: std::fmt::Debug + Send + Sync + 'static> {
    #[fault(public)]
    id: Id,
    rest: T,
}

#[derive(Debug, thiserror::Error, Fault)]
#[error(transparent)]
#[fault(transparent)]
pub struct Outer(#[from] Inner);

fn main() {}
