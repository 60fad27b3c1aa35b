//! A problem document with two fields that vary, in the detail and in the metadata, written to a
//! buffer that is kept.
//!
//! Equal work: all write the same eight members (`type`, `title`, `status`, `detail`, `code`,
//! `reason`, `domain`, `metadata`) with the same values, checked by [`check_same_work`]; the
//! order of members is each one's own. All write to the same kind of buffer with
//! `serde_json::to_writer` if they have no writer of their own: `json_bytes` of http-api-problem
//! would cost it one allocation more. Values of the metadata are strings, so the number is shown
//! as text by all.

mod floor;
mod http_api_problem;
mod mainstay;
mod problem_details;

use std::hint::black_box;

use serde_json::{Value, json};

use super::{CODE, DOMAIN, NotFound, REASON, TITLE, TYPE};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};

pub(super) const CASE: Case = Case {
    name: "problem",
    what: "the problem document of an error with two fields that vary, into a buffer that is kept",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfBestPeer(0.6)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::write) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::write) },
        Contender { who: "problem_details", prepare: || repeat(problem_details::write) },
        Contender { who: "http-api-problem", prepare: || repeat(http_api_problem::write) },
    ],
};

/// Appends the document to the buffer.
type Write = fn(&NotFound, &mut Vec<u8>);

/// The members of an application's own, for contenders that serialise with serde.
#[derive(serde::Serialize)]
struct Extension<'a> {
    code: &'a str,
    reason: &'a str,
    domain: &'a str,
    metadata: Metadata<'a>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(serialize_with = "as_text")]
    order_id: u64,
    shop: &'a str,
}

impl<'a> Extension<'a> {
    fn of(error: &'a NotFound) -> Self {
        Self { code: CODE, reason: REASON, domain: DOMAIN, metadata: Metadata::of(error) }
    }
}

impl<'a> Metadata<'a> {
    fn of(error: &'a NotFound) -> Self {
        Self { order_id: error.order_id, shop: &error.shop }
    }
}

/// Without a `String` in between: the best that a peer's user could do.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn as_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn repeat(write: Write) -> Operation {
    let error = NotFound::example();
    let mut buffer = Vec::new();
    operation(move || {
        buffer.clear();
        write(black_box(&error), &mut buffer);
        black_box(buffer.as_slice());
    })
}

fn check_same_work() {
    let expected = json!({
        "type": TYPE,
        "title": TITLE,
        "status": 404,
        "detail": "There is no order 4711001 in berlin-mitte.",
        "code": CODE,
        "reason": REASON,
        "domain": DOMAIN,
        "metadata": { "orderId": "4711001", "shop": "berlin-mitte" },
    });
    for write in [floor::write, mainstay::write, problem_details::write, http_api_problem::write] {
        let mut buffer = Vec::new();
        write(&NotFound::example(), &mut buffer);
        let written: Value = serde_json::from_slice(&buffer).expect("a document is JSON");
        assert_eq!(written, expected);
    }
}
