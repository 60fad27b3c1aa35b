//! What is refused, as a client reads it.

#![cfg(test)]
#![cfg(feature = "errors")]

use mainstay_errors::{Code, Fault, PublicMessage};
use mainstay_json::{DecodeError, Limits, from_slice, to_bytes};
use serde_json::Value;

fn error(input: &str, limits: Limits) -> DecodeError {
    from_slice::<Value>(input.as_bytes(), &limits).expect_err(input)
}

#[test]
fn a_fault_tells_the_place() {
    let limits = Limits::new().depth(2).body(64);
    let malformed = error("[\n1,]", limits);
    assert_eq!(
        (Fault::kind(&malformed).code, Fault::kind(&malformed).reason),
        (Code::InvalidArgument, "MALFORMED_BODY")
    );
    assert_eq!(
        PublicMessage(&malformed).to_string(),
        "The body is malformed JSON, at line 2 column 3."
    );
    assert!(malformed.details().is_none());

    let twice = error(r#"[{"a/b":1,"a/b":2}]"#, limits);
    assert_eq!(Fault::kind(&twice).http_status(), 422);
    let violation = &twice.details().unwrap().field_violations[0];
    assert_eq!((&*violation.path, &*violation.reason), ("/0/a~1b", "DUPLICATE_KEY"));
    assert_eq!(violation.detail, "This name is in its object twice.");

    let deep = error("[[[]]]", limits);
    assert_eq!(
        (Fault::kind(&deep).http_status().as_u16(), Fault::kind(&deep).reason),
        (413, "JSON_LIMIT_EXCEEDED")
    );
    assert_eq!(deep.details().unwrap().field_violations[0].path, "/0/0");

    let large = error(&" ".repeat(65), limits);
    assert_eq!(
        (Fault::kind(&large).http_status().as_u16(), Fault::kind(&large).reason),
        (413, "BODY_TOO_LARGE")
    );
    assert!(large.details().is_none());
}

#[test]
fn what_cannot_be_written_is_internal() {
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = to_bytes(&map).unwrap_err();
    assert_eq!(Fault::kind(&error).http_status(), 500);
    assert!(!PublicMessage(&error).to_string().contains("key"));
}
