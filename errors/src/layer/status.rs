//! The status that tonic leaves in the extensions of a response.

use http::Extensions;
use mainstay_core::Code;
use tonic::Status;

use super::raw::Raw;
use crate::Error;
use crate::error::Carried;
use crate::fault::Chain;

/// The error to show for a status; `None` where there is no status, or one with details that
/// somebody else wrote.
pub(super) fn find(extensions: &Extensions) -> Option<Carried> {
    let status = extensions.get::<Status>()?;
    let carried = Chain(status).links().find_map(|link| link.downcast_ref::<Carried>());
    if carried.is_some() || !status.details().is_empty() {
        return carried.cloned();
    }
    let code = Code::from_number(status.code().into()).unwrap_or(Code::Unknown);
    let made_of_error = std::error::Error::source(status).is_some();
    let shown = Raw::new(code, status.message(), made_of_error);
    Some(Carried::new(Error::new(shown).caused_by(status.clone())))
}
