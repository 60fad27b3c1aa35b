//! A struct of borrowed fields, for this one error.

use std::fmt::Arguments;

use serde::Serialize;

use super::{CODE, DOMAIN, Metadata, NotFound, REASON, TITLE, TYPE};

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: Arguments<'a>,
    code: &'a str,
    reason: &'a str,
    domain: &'a str,
    metadata: Metadata<'a>,
}

pub(super) fn write(error: &NotFound, buffer: &mut Vec<u8>) {
    let document = Document {
        r#type: TYPE,
        title: TITLE,
        status: 404,
        detail: format_args!("There is no order {} in {}.", error.order_id, error.shop),
        code: CODE,
        reason: REASON,
        domain: DOMAIN,
        metadata: Metadata::of(error),
    };
    serde_json::to_writer(buffer, &document).expect("it serialises");
}
