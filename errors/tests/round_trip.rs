//! A fault keeps its identity through every hop, whatever protocol it travels by.

#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use common::{Sample, header_list_size, headers_of};
use http::StatusCode;
use mainstay_errors::{Code, Fault, Occurrence, Problem, RemoteFault};
use proptest::prelude::*;

/// What a hop must keep.
#[derive(Debug, PartialEq)]
struct Identity {
    code: Code,
    status: StatusCode,
    reason: String,
    domain: Option<String>,
    message: String,
    metadata: BTreeMap<String, String>,
    retry_after_seconds: Option<u64>,
}

impl Identity {
    fn of(remote: &RemoteFault) -> Self {
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self {
            code: remote.code(),
            status: remote.http_status(),
            reason: remote.reason().to_owned(),
            domain: remote.domain().map(str::to_owned),
            message: remote.message().to_owned(),
            metadata: remote.metadata().map(own).collect(),
            // HTTP has whole seconds.
            retry_after_seconds: remote.retry_after().map(|wait| wait.as_secs()),
        }
    }
}

fn over_http(fault: &dyn Fault) -> RemoteFault {
    let response = Problem::new(fault).to_response();
    let read = RemoteFault::from_problem(
        response.status(),
        response.headers(),
        response.body(),
        UNIX_EPOCH,
    );
    read.expect("a problem")
}

fn over_grpc(fault: &dyn Fault) -> RemoteFault {
    let headers = headers_of(fault, Occurrence::default());
    assert!(header_list_size(&headers) <= 8192);
    RemoteFault::from_grpc(&headers).expect("a status")
}

fn any_fault() -> impl Strategy<Value = Sample> {
    let identity = (
        1_i32..17,
        proptest::option::of(400_u16..600),
        "[A-Z][A-Z0-9_]{1,61}[A-Z0-9]",
        proptest::option::of("[a-z]{1,20}(\\.[a-z]{1,10}){0,3}"),
    );
    let texts = (
        "\\PC{0,200}|[\\x00-\\x7f]{0,100}",
        proptest::collection::btree_map(
            "[a-z][a-zA-Z0-9]{0,20}",
            "\\PC{0,80}|[\\x00-\\x7f]{0,40}",
            0..8,
        ),
        proptest::option::of(0_u64..100_000),
    );
    (identity, texts).prop_map(|((code, status, reason, domain), (message, metadata, wait))| {
        Sample {
            code: Code::from_number(code).unwrap(),
            status,
            reason,
            domain,
            message,
            metadata: metadata.into_iter().collect(),
            retry_after: wait.map(Duration::from_secs),
            details: None,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn problem_to_grpc_to_problem_keeps_everything(fault in any_fault()) {
        let first = over_http(&fault);
        let second = over_grpc(&first.clone().relay());
        let third = over_http(&second.clone().relay());
        prop_assert_eq!(Identity::of(&first).reason, fault.reason);
        prop_assert_eq!(Identity::of(&first).message, fault.message);
        prop_assert_eq!(Identity::of(&first), Identity::of(&second));
        prop_assert_eq!(Identity::of(&second), Identity::of(&third));
        prop_assert_eq!(second.dropped_details(), None);
    }

    #[test]
    fn grpc_to_problem_to_grpc_keeps_everything(fault in any_fault()) {
        let first = over_grpc(&fault);
        let second = over_http(&first.clone().relay());
        let third = over_grpc(&second.clone().relay());
        prop_assert_eq!(Identity::of(&first), Identity::of(&second));
        prop_assert_eq!(Identity::of(&second), Identity::of(&third));
    }
}
