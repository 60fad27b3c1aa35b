//! The HTTP form, byte by byte.

#![cfg(test)]

mod common;

use std::time::Duration;

use common::{Sample, problem_of};
use http::HeaderMap;
use mainstay_errors::{Code, Details, Fault, FieldViolation, Kind, Occurrence, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

const OCCURRENCE: Occurrence<'static> = Occurrence::new()
    .request_id("r-1")
    .trace_id("4bf92f3577b34da6a3ce929d0e0e4736")
    .domain("fallback.example.com");

fn text_of(fault: &dyn Fault, occurrence: Occurrence<'_>) -> String {
    let mut body = Vec::new();
    Problem::new(fault).at(occurrence).write_to(&mut body);
    String::from_utf8(body).unwrap()
}

#[test]
fn the_whole_document() {
    let fault = Sample {
        code: Code::FailedPrecondition,
        status: Some(402),
        reason: "PAYMENT_DECLINED".to_owned(),
        message: "The card was \"declined\".".to_owned(),
        metadata: vec![("id".to_owned(), "7".to_owned()), ("last4".to_owned(), "4242".to_owned())],
        ..Sample::default()
    };
    assert_eq!(
        text_of(&fault, OCCURRENCE),
        concat!(
            r#"{"type":"https://orders.example.com/problems/PAYMENT_DECLINED","#,
            r#""title":"Payment declined","status":402,"detail":"The card was \"declined\".","#,
            r#""instance":"urn:request:r-1","code":"FAILED_PRECONDITION","#,
            r#""reason":"PAYMENT_DECLINED","domain":"orders.example.com","#,
            r#""metadata":{"id":"7","last4":"4242"},"request_id":"r-1","#,
            r#""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#,
        )
    );
}

#[test]
fn without_an_occurrence_its_members_are_absent() {
    let document = problem_of(&Sample::default(), Occurrence::default());
    for absent in ["instance", "request_id", "trace_id", "metadata", "errors"] {
        assert_eq!(document.get(absent), None, "{absent}");
    }
}

/// RFC 9457, section 4.2.1: `about:blank`, by leaving `type` out, has the status phrase as title.
#[test]
fn without_a_domain_the_problem_is_about_blank() {
    let fault = Sample { domain: None, ..Sample::default() };
    let document = problem_of(&fault, Occurrence::default());
    assert_eq!(document.get("type"), None);
    assert_eq!(document["title"], "Not Found");
    assert_eq!(document["reason"], "ORDER_NOT_FOUND");
}

#[test]
fn an_absent_domain_is_filled_from_the_occurrence() {
    let fault = Sample { domain: None, ..Sample::default() };
    let document = problem_of(&fault, OCCURRENCE);
    assert_eq!(document["domain"], "fallback.example.com");
    assert_eq!(document["type"], "https://fallback.example.com/problems/ORDER_NOT_FOUND");
}

/// `http` has no phrase for 499, and RFC 9457 wants one.
#[test]
fn a_cancelled_request_has_a_title() {
    let fault = Sample { code: Code::Cancelled, domain: None, ..Sample::default() };
    let document = problem_of(&fault, Occurrence::default());
    assert_eq!(document["status"], 499);
    assert_eq!(document["title"], "Client Closed Request");
}

#[test]
fn title_and_type_can_be_given() {
    #[derive(Debug, thiserror::Error, Fault)]
    #[error("gone")]
    #[fault(
        not_found,
        status = 410,
        reason = "ORDER_ARCHIVED",
        message = "The order is archived.",
        title = "Archived",
        types = "https://errors.example.com/v1/",
        domain = "orders.example.com"
    )]
    struct Archived;

    let document = problem_of(&Archived, Occurrence::default());
    assert_eq!(document["type"], "https://errors.example.com/v1/ORDER_ARCHIVED");
    assert_eq!(document["title"], "Archived");
    assert_eq!(document["status"], 410);
}

#[test]
fn wrong_fields_are_errors_with_pointers_as_fragments() {
    let details = Details::bad_request([
        FieldViolation::body("/lines/0/sku", "PATTERN", "is not a SKU"),
        FieldViolation::body("/a~1b/ü %", "REQUIRED", "is missing"),
        FieldViolation::query("limit", "OUT_OF_RANGE", "must be 1 to 100"),
        FieldViolation::header("x-api-key", "", "is too short"),
        FieldViolation::path("id", "FORMAT", "is not a UUID"),
    ]);
    let fault = Sample { details: Some(details), ..Sample::default() };
    let document = problem_of(&fault, Occurrence::default());
    assert_eq!(
        document["errors"],
        json!([
            {"detail": "is not a SKU", "reason": "PATTERN", "in": "body", "pointer": "#/lines/0/sku"},
            {"detail": "is missing", "reason": "REQUIRED", "in": "body", "pointer": "#/a~1b/%C3%BC%20%25"},
            {"detail": "must be 1 to 100", "reason": "OUT_OF_RANGE", "in": "query", "name": "limit"},
            {"detail": "is too short", "in": "header", "name": "x-api-key"},
            {"detail": "is not a UUID", "reason": "FORMAT", "in": "path", "name": "id"},
        ])
    );
}

#[test]
fn the_list_of_errors_is_bounded() {
    let violation = |at: usize| FieldViolation::body(format!("/{at}"), "REQUIRED", "is missing");
    let details = Details::bad_request((0..10_000).map(violation));
    let fault = Sample { details: Some(details), ..Sample::default() };
    let document = problem_of(&fault, Occurrence::default());
    assert_eq!(document["errors"].as_array().map(Vec::len), Some(1024));
}

#[test]
fn the_wait_is_rounded_up() {
    for (wait, seconds) in [(0, "0"), (1, "1"), (999, "1"), (1000, "1"), (1001, "2")] {
        let retry_after = Some(Duration::from_millis(wait));
        let fault = Sample { retry_after, ..Sample::default() };
        let mut headers = HeaderMap::new();
        Problem::new(&fault).write_headers(&mut headers);
        assert_eq!(headers["retry-after"], seconds, "{wait} ms");
    }
    let fault = Sample { retry_after: Some(Duration::MAX), ..Sample::default() };
    assert!(Problem::new(&fault).to_response().headers().contains_key("retry-after"));
}

#[test]
fn a_kind_is_never_a_success() {
    let fault = Sample { code: Code::Ok, ..Sample::default() };
    assert_eq!(Problem::new(&fault).status(), 500);
    assert_eq!(problem_of(&fault, Occurrence::new())["code"], "UNKNOWN");
}

#[test]
fn a_help_page_is_a_link() {
    #[derive(Debug)]
    struct Helped;
    impl std::fmt::Display for Helped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("helped")
        }
    }
    impl std::error::Error for Helped {}
    impl Fault for Helped {
        fn kind(&self) -> Kind<'_> {
            Kind::new(Code::NotFound, "HELPED").help("https://example.com/help?a=1")
        }
        fn message(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Read on.")
        }
    }
    let response = Problem::new(&Helped).to_response();
    assert_eq!(response.headers()["link"], "<https://example.com/help?a=1>; rel=\"help\"");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["content-length"], response.body().len().to_string());
}

proptest! {
    /// Whatever the texts, the document is JSON with exactly these values.
    #[test]
    fn any_text_is_written_as_it_is(
        reason in any::<String>(),
        domain in any::<String>(),
        message in any::<String>(),
        metadata in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4),
    ) {
        let fault = Sample {
            reason: reason.clone(),
            domain: Some(domain.clone()),
            message: message.clone(),
            metadata: metadata.clone().into_iter().collect(),
            ..Sample::default()
        };
        let document = problem_of(&fault, OCCURRENCE);
        prop_assert_eq!(document["detail"].as_str(), Some(&*message));
        let said = Some(&*domain).filter(|domain| !domain.is_empty());
        prop_assert_eq!(document.get("domain").and_then(Value::as_str), said);
        if !reason.is_empty() {
            prop_assert_eq!(document["reason"].as_str(), Some(&*reason));
        }
        for (key, value) in &metadata {
            prop_assert_eq!(document["metadata"][key].as_str(), Some(&**value));
        }
        prop_assert_eq!(document["metadata"].as_object().map_or(0, serde_json::Map::len), metadata.len());
    }

    /// The status in the body is the status of the response, for every code and exact status.
    #[test]
    fn the_status_is_one(code in 1_i32..17, status in proptest::option::of(0_u16..700)) {
        let code = Code::from_number(code).unwrap();
        let fault = Sample { code, status, ..Sample::default() };
        let response = Problem::new(&fault).to_response();
        let document: Value = serde_json::from_slice(response.body()).unwrap();
        prop_assert_eq!(document["status"].as_u64(), Some(response.status().as_u16().into()));
        prop_assert_eq!(document["code"].as_str(), Some(code.name()));
    }
}
