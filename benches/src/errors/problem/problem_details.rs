//! As in its README: a builder, and a struct of extensions.

use http::{StatusCode, Uri};
use problem_details::ProblemDetails;

use super::{Extension, NotFound, TITLE, TYPE};

pub(super) fn write(error: &NotFound, buffer: &mut Vec<u8>) {
    let details = ProblemDetails::new()
        .with_type(Uri::from_static(TYPE))
        .with_status(StatusCode::NOT_FOUND)
        .with_title(TITLE)
        .with_detail(format!("There is no order {} in {}.", error.order_id, error.shop))
        .with_extensions(Extension::of(error));
    serde_json::to_writer(buffer, &details).expect("it serialises");
}
