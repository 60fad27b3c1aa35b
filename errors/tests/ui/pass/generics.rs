//! Bounds are the user's, and those that the derive needs it adds.
#![deny(warnings)]
#![allow(dead_code)]

use std::fmt::{Debug, Display};

use axum::response::IntoResponse;
use mainstay_errors::{Error, Fault};

#[derive(Debug, thiserror::Error, Fault)]
#[error("{id:?} after {attempts}")]
#[fault(not_found, reason = "NOT_FOUND", message = "There is no {id}, said {attempts}.")]
pub struct NotFound<Id: Debug + Send + Sync + 'static> {
    #[fault(public)]
    pub id: Id,
    #[fault(public)]
    pub attempts: u32,
}

#[derive(Debug, thiserror::Error, Fault)]
pub enum Lookup<Id, E>
where
    Id: Debug + Send + Sync + 'static,
    E: Fault,
{
    #[error("no {0:?}")]
    #[fault(not_found, reason = "NONE", message = "There is no {0}.")]
    None(#[fault(public = "id")] Id),

    #[error(transparent)]
    #[fault(transparent)]
    Inner(E),
}

#[derive(Debug, thiserror::Error, Fault)]
#[error("{0:?}")]
#[fault(out_of_range, reason = "TOO_MANY", message = "At most {0}.")]
pub struct TooMany<const N: usize>(#[fault(public = "most")] Most<N>);

#[derive(Debug)]
pub struct Most<const N: usize>;

impl<const N: usize> Display for Most<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{N}")
    }
}

/// A type parameter that no field shows, and one with a default.
#[derive(Debug, thiserror::Error, Fault)]
#[error("gone")]
#[fault(internal, reason = "GONE", message = "It is gone.")]
pub struct Gone<T = u8>
where
    T: Debug + Send + Sync + 'static,
{
    kept: T,
}

fn main() {
    let not_found = NotFound { id: "order 7", attempts: 2 };
    let lookup = Lookup::Inner::<u64, _>(NotFound { id: "order 7", attempts: 2 });
    assert_eq!(not_found.kind(), lookup.kind());
    let error = Error::new(Lookup::None::<u64, NotFound<u8>>(7));
    assert_eq!(error.fault().kind().reason, "NONE");
    assert_eq!(Gone { kept: 1_u8 }.into_response().status(), 500);
}
