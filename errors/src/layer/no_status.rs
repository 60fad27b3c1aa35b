//! Without tonic there is no `tonic::Status`.

use http::Extensions;

use crate::error::Carried;

pub(super) fn find(_: &Extensions) -> Option<Carried> {
    None
}
