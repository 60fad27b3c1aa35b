//! A status with an `ErrorInfo` of two metadata, as headers of a map that is new.
//!
//! Equal work: code, message, and one `google.rpc.ErrorInfo` with reason, domain and two entries,
//! in the three headers, as [`check_same_work`] reads them back. The map starts empty and is
//! dropped each time, as it is with a response.

mod floor;
mod mainstay;
mod tonic_types;

use std::hint::black_box;

use ::tonic_types::StatusExt;
use http::HeaderMap;
use tonic::{Code, Status};

use super::{DOMAIN, NotFound, REASON};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, operation};

pub(super) const CASE: Case = Case {
    name: "grpc-headers",
    what: "code, message and an `ErrorInfo` with two metadata that vary, as headers of a new map; \
           the floor gets the message and the encoded status ready-made",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(4), Goal::OfBestPeer(0.4)],
    check_same_work,
    contenders: &[
        Contender {
            who: FLOOR,
            prepare: || {
                let status = floor::Encoded::of(&NotFound::example());
                operation(move || black_box(&status).headers())
            },
        },
        Contender {
            who: MAINSTAY,
            prepare: || {
                let error = NotFound::example();
                operation(move || mainstay::headers(black_box(&error)))
            },
        },
        Contender {
            who: "tonic-types",
            prepare: || {
                let error = NotFound::example();
                operation(move || tonic_types::headers(black_box(&error)))
            },
        },
    ],
};

fn check_same_work() {
    let error = NotFound::example();
    for headers in [
        floor::Encoded::of(&error).headers(),
        mainstay::headers(&error),
        tonic_types::headers(&error),
    ] {
        check(&headers);
    }
}

fn check(headers: &HeaderMap) {
    assert_eq!(headers.len(), 3);
    let status = Status::from_header_map(headers).expect("there is a status");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "There is no order 4711001 in berlin-mitte.");
    assert_eq!(status.get_error_details_vec().len(), 1);
    let info = status.get_details_error_info().expect("there is an ErrorInfo");
    assert_eq!(info.reason, REASON);
    assert_eq!(info.domain, DOMAIN);
    let expected = [("orderId", "4711001"), ("shop", "berlin-mitte")];
    assert_eq!(info.metadata, expected.map(|(key, value)| (key.into(), value.into())).into());
}
