//! Without tonic there is no `tonic::Status` to find anything in.

use std::error::Error as StdError;

use http::Extensions;

use crate::Error;
use crate::error::Carried;

pub(super) fn find(_: &Extensions) -> Option<Carried> {
    None
}

pub(super) fn error_of(_: &(dyn StdError + 'static), _: bool) -> Option<Error> {
    None
}
