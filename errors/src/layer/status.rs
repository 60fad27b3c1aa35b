//! What there is to find in a `tonic::Status`.

use std::error::Error as StdError;

use http::Extensions;
use tonic::Status;

use super::raw::Raw;
use crate::error::Carried;
use crate::fault::Chain;
use crate::{Error, RemoteFault};

/// The error that a handler turned into a status, which tonic leaves in the extensions of the
/// response.
pub(super) fn find(extensions: &Extensions) -> Option<Carried> {
    carried(extensions.get::<Status>()?)
}

/// The error that a status amounts to where an interceptor or a layer failed with it.
pub(super) fn error_of(
    link: &(dyn StdError + 'static),
    messages_are_public: bool,
) -> Option<Error> {
    let status = link.downcast_ref::<Status>()?;
    let remote = RemoteFault::from_tonic(status)?;
    // With details it is whole already, and somebody else's.
    let whole = !remote.reason().is_empty();
    let error = if whole {
        Error::from(remote.relay())
    } else {
        Error::from(Raw::new(remote, messages_are_public))
    };
    carried(status).is_none().then_some(error)
}

fn carried(status: &Status) -> Option<Carried> {
    Chain(status).links().find_map(|link| link.downcast_ref::<Carried>()).cloned()
}
