use std::fmt;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use tower_service::Service;

use super::BAD;

/// Answers every request at once, with the number after it; all but [`BAD`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backend;

/// What can come of a call but an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The backend said no.
    Refused,
    /// The layer did, where a peer leaves it to the user to make its errors.
    Rejected,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::Rejected => "rejected",
        })
    }
}

impl std::error::Error for Fault {}

impl Service<u64> for Backend {
    type Response = u64;
    type Error = Fault;
    type Future = Ready<Result<u64, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(if request == BAD { Err(Fault::Refused) } else { Ok(request + 1) })
    }
}
