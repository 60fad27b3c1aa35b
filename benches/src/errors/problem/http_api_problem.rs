//! As in its README: a builder, and a value for each member of an application's own.

use http_api_problem::{HttpApiProblem, StatusCode};

use super::{CODE, DOMAIN, Metadata, NotFound, REASON, TITLE, TYPE};

pub(super) fn write(error: &NotFound, buffer: &mut Vec<u8>) {
    let problem = HttpApiProblem::new(StatusCode::NOT_FOUND)
        .type_url(TYPE)
        .title(TITLE)
        .detail(format!("There is no order {} in {}.", error.order_id, error.shop))
        .value("code", &CODE)
        .value("reason", &REASON)
        .value("domain", &DOMAIN)
        .value("metadata", &Metadata::of(error));
    serde_json::to_writer(buffer, &problem).expect("it serialises");
}
