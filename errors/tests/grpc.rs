//! The gRPC form, read by the peer's decoder and written by the peer's encoder.

#![cfg(test)]

mod common;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use common::{Sample, encoded_status, header_list_size, headers_of};
use http::HeaderMap;
use mainstay_errors::{
    AnyDetail, Code, DebugInfo, Details, FieldViolation, HelpLink, LocalizedMessage, Occurrence,
    PreconditionViolation, QuotaViolation, RemoteFault, ResourceInfo,
};
use proptest::prelude::*;
use prost::Message;
use tonic_types::pb;

const OCCURRENCE: Occurrence<'static> =
    Occurrence::new().request_id("r-1").domain("orders.example.com");

fn full_details() -> Details {
    let mut violation = FieldViolation::body("/lines/0/sku", "PATTERN", "is not a SKU");
    violation.localized = Some(LocalizedMessage::new("de", "ist keine SKU"));
    let mut quota = QuotaViolation::new("clientip:192.0.2.7", "100 a second");
    quota.api_service = "orders.example.com".into();
    quota.quota_dimensions = vec![("region".into(), "eu".into())];
    quota.quota_value = -1;
    quota.future_quota_value = Some(0);
    let mut resource = ResourceInfo::new("order", "7");
    resource.owner = "acme".into();
    resource.description = "is not there".into();
    let mut details =
        Details::bad_request([violation, FieldViolation::body("/note", "TOO_LONG", "is too long")]);
    details.precondition_violations =
        vec![PreconditionViolation::new("TOS", "example.com/tos", "not accepted")];
    details.quota_violations = vec![quota];
    details.resource = Some(resource);
    details.help = vec![HelpLink::new("docs", "https://example.com")];
    details.localized_message = Some(LocalizedMessage::new("de-CH", "Nein."));
    details.debug = Some(DebugInfo::new(["main".into(), "".into(), "lib".into()], "x"));
    details.serving_data = "shard 12".into();
    details.other = vec![AnyDetail::new("type.googleapis.com/example.v1.Hint", vec![8, 7])];
    details
}

fn full() -> Sample {
    Sample {
        code: Code::ResourceExhausted,
        metadata: vec![("orderId".to_owned(), "7".to_owned()), ("zone".to_owned(), "b".to_owned())],
        retry_after: Some(Duration::from_millis(1500)),
        details: Some(full_details()),
        ..Sample::default()
    }
}

/// Decodes one detail with prost.
fn detail<M: Message + Default>(status: &pb::Status, name: &str) -> Option<M> {
    let url = format!("type.googleapis.com/google.rpc.{name}");
    let mut found = status.details.iter().filter(|any| any.type_url == url);
    let message = found.next().map(|any| M::decode(&*any.value).unwrap());
    assert!(found.next().is_none(), "{name} is there twice");
    message
}

#[test]
fn prost_reads_every_detail() {
    let headers = headers_of(&full(), OCCURRENCE);
    assert_eq!(headers["grpc-status"], "8");
    let status = pb::Status::decode(&*encoded_status(&headers)).unwrap();
    assert_eq!((status.code, &*status.message), (8, "There is no order 7."));

    let info: pb::ErrorInfo = detail(&status, "ErrorInfo").unwrap();
    assert_eq!((&*info.reason, &*info.domain), ("ORDER_NOT_FOUND", "orders.example.com"));
    assert_eq!(info.metadata.len(), 2);
    assert_eq!(info.metadata["orderId"], "7");

    let retry: pb::RetryInfo = detail(&status, "RetryInfo").unwrap();
    let delay = retry.retry_delay.unwrap();
    assert_eq!((delay.seconds, delay.nanos), (1, 500_000_000));

    let request: pb::RequestInfo = detail(&status, "RequestInfo").unwrap();
    assert_eq!((&*request.request_id, &*request.serving_data), ("r-1", "shard 12"));

    let bad: pb::BadRequest = detail(&status, "BadRequest").unwrap();
    assert_eq!(bad.field_violations.len(), 2);
    let first = &bad.field_violations[0];
    assert_eq!((&*first.field, &*first.description), ("lines[0].sku", "is not a SKU"));

    let precondition: pb::PreconditionFailure = detail(&status, "PreconditionFailure").unwrap();
    assert_eq!(precondition.violations[0].r#type, "TOS");
    assert_eq!(precondition.violations[0].description, "not accepted");

    let quota: pb::QuotaFailure = detail(&status, "QuotaFailure").unwrap();
    assert_eq!(quota.violations[0].subject, "clientip:192.0.2.7");

    let resource: pb::ResourceInfo = detail(&status, "ResourceInfo").unwrap();
    assert_eq!((&*resource.resource_type, &*resource.owner), ("order", "acme"));

    let help: pb::Help = detail(&status, "Help").unwrap();
    assert_eq!(help.links[0].url, "https://example.com");

    let localized: pb::LocalizedMessage = detail(&status, "LocalizedMessage").unwrap();
    assert_eq!((&*localized.locale, &*localized.message), ("de-CH", "Nein."));

    let debug: pb::DebugInfo = detail(&status, "DebugInfo").unwrap();
    assert_eq!(debug.detail, "x");

    let hint = status.details.iter().find(|any| any.type_url.ends_with("example.v1.Hint")).unwrap();
    assert_eq!(hint.value, [8, 7]);
}

#[test]
fn an_error_info_is_always_there() {
    let status = pb::Status::decode(&*encoded_status(&headers_of(&Sample::default(), OCCURRENCE)));
    assert!(detail::<pb::ErrorInfo>(&status.unwrap(), "ErrorInfo").is_some());
}

#[test]
fn what_was_written_is_read_back() {
    let remote = RemoteFault::from_grpc(&headers_of(&full(), OCCURRENCE)).unwrap();
    assert_eq!(remote.code(), Code::ResourceExhausted);
    assert_eq!(remote.reason(), "ORDER_NOT_FOUND");
    assert_eq!(remote.domain(), Some("orders.example.com"));
    assert_eq!(remote.message(), "There is no order 7.");
    assert_eq!(remote.request_id(), Some("r-1"));
    assert_eq!(remote.retry_after(), Some(Duration::from_millis(1500)));
    assert_eq!(remote.metadata().collect::<Vec<_>>(), [("orderId", "7"), ("zone", "b")]);
    assert_eq!(*remote.details(), full_details());
}

#[test]
fn an_exact_http_status_travels_in_a_reserved_entry() {
    let fault = Sample {
        code: Code::FailedPrecondition,
        status: Some(402),
        // An entry of the fault's own under a reserved name does not get through.
        metadata: vec![("httpStatus".to_owned(), "200".to_owned())],
        ..Sample::default()
    };
    let headers = headers_of(&fault, OCCURRENCE);
    let status = pb::Status::decode(&*encoded_status(&headers)).unwrap();
    let info: pb::ErrorInfo = detail(&status, "ErrorInfo").unwrap();
    assert_eq!(info.metadata.len(), 1);
    assert_eq!(info.metadata["httpStatus"], "402");

    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!(remote.http_status(), 402);
    assert_eq!(remote.metadata().count(), 0);
}

#[test]
fn the_headers_win_where_the_details_disagree() {
    let mut headers = headers_of(&full(), OCCURRENCE);
    headers.insert("grpc-status", "14".parse().unwrap());
    headers.insert("grpc-message", "other%20words %zz %".parse().unwrap());
    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!(remote.code(), Code::Unavailable);
    assert_eq!(remote.message(), "other words %zz %");
}

#[test]
fn padding_and_joined_values_are_understood() {
    let plain = headers_of(&full(), OCCURRENCE);
    let encoded = encoded_status(&plain);
    let expected = RemoteFault::from_grpc(&plain);
    for value in [
        STANDARD.encode(&encoded),
        STANDARD_NO_PAD.encode(&encoded),
        format!("!,{}", STANDARD.encode(&encoded)),
        format!("{},AAAA", STANDARD_NO_PAD.encode(&encoded)),
    ] {
        let mut headers = plain.clone();
        headers.insert("grpc-status-details-bin", value.parse().unwrap());
        assert_eq!(RemoteFault::from_grpc(&headers), expected, "{value}");
    }
}

#[test]
fn no_error_is_no_fault() {
    assert_eq!(RemoteFault::from_grpc(&HeaderMap::new()), None);
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", "0".parse().unwrap());
    assert_eq!(RemoteFault::from_grpc(&headers), None);
    for unknown in ["17", "-1", "x", "99999999999"] {
        headers.insert("grpc-status", unknown.parse().unwrap());
        let remote = RemoteFault::from_grpc(&headers).unwrap();
        assert_eq!(remote.code(), Code::Unknown, "{unknown}");
    }
}

/// gRPC over HTTP/2, "Responses": 0x20 to 0x7E but `%` as they are, all else percent-encoded.
#[test]
fn the_message_is_percent_encoded() {
    for (message, header) in [
        ("plain", "plain"),
        ("100%", "100%25"),
        ("a\nb\tc", "a%0Ab%09c"),
        ("grün", "gr%C3%BCn"),
        ("~ \"{}\"", "~ \"{}\""),
        ("\u{7f}", "%7F"),
        ("", ""),
    ] {
        let fault = Sample { message: message.to_owned(), ..Sample::default() };
        let headers = headers_of(&fault, OCCURRENCE);
        assert_eq!(headers["grpc-message"], header);
        assert_eq!(RemoteFault::from_grpc(&headers).unwrap().message(), message);
    }
}

#[test]
fn what_does_not_fit_is_dropped_in_order_and_named() {
    let mut fault = full();
    let details = fault.details.as_mut().unwrap();
    details.debug.as_mut().unwrap().detail = "x".repeat(9000).into();
    details.help[0].description = "x".repeat(9000).into();
    let headers = headers_of(&fault, OCCURRENCE);
    assert!(header_list_size(&headers) <= 8192 - 128);
    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!(remote.dropped_details(), Some("DebugInfo,Help"));
    assert_eq!(remote.details().debug, None);
    assert_eq!(remote.details().field_violations.len(), 2);
    assert_eq!(remote.metadata().count(), 2);
}

#[test]
fn many_wrong_fields_leave_the_first_sixteen() {
    let violation = |at: usize| FieldViolation::body(format!("/field_{at}"), "REQUIRED", "missing");
    let details = Details::bad_request((0..1000).map(violation));
    let headers = headers_of(&Sample { details: Some(details), ..Sample::default() }, OCCURRENCE);
    assert!(header_list_size(&headers) <= 8192 - 128);
    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!(remote.details().field_violations.len(), 16);
    assert_eq!(remote.details().field_violations[15].path, "/field_15");
    assert_eq!(remote.dropped_details(), Some("BadRequest"));
}

#[test]
fn reason_and_domain_survive_everything_else() {
    let long = "x".repeat(20_000);
    let mut fault = full();
    fault.message.clone_from(&long);
    fault.metadata = vec![("long".to_owned(), long.clone())];
    let details = fault.details.as_mut().unwrap();
    details.other[0].value = long.clone().into();
    for violation in &mut details.field_violations {
        violation.detail = long.clone().into();
    }
    let headers = headers_of(&fault, OCCURRENCE);
    assert!(header_list_size(&headers) <= 8192 - 128);
    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!((remote.reason(), remote.domain()), ("ORDER_NOT_FOUND", Some("orders.example.com")));
    assert!(remote.message().ends_with("..."));
    assert_eq!(remote.dropped_details().map(|names| names.contains("metadata")), Some(true));
}

#[test]
fn headers_that_are_there_already_count() {
    let mut headers = HeaderMap::new();
    headers.insert("x-large", "x".repeat(6000).parse().unwrap());
    let mut fault = full();
    fault.details.as_mut().unwrap().debug.as_mut().unwrap().detail = "x".repeat(2000).into();
    mainstay_errors::GrpcStatus::new(&fault).write_headers(&mut headers);
    assert!(header_list_size(&headers) <= 8192 - 128);
    assert_eq!(RemoteFault::from_grpc(&headers).unwrap().details().debug, None);
}

#[test]
fn a_peers_details_are_read() {
    use tonic_types::{ErrorDetails, StatusExt};
    let mut details = ErrorDetails::new();
    details
        .set_error_info("BUSY", "peer.example.com", [("zone".to_owned(), "b".to_owned())])
        .set_retry_info(Some(Duration::from_millis(2500)))
        .add_bad_request_violation("lines[3].sku", "is wrong")
        .set_request_info("r-9", "")
        .set_localized_message("fr", "Non.")
        .set_resource_info("order", "7", "", "");
    let status = tonic::Status::with_error_details(tonic::Code::Unavailable, "Busy.", details);
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).unwrap();

    let remote = RemoteFault::from_grpc(&headers).unwrap();
    assert_eq!((remote.code(), remote.reason()), (Code::Unavailable, "BUSY"));
    assert_eq!(remote.metadata().collect::<Vec<_>>(), [("zone", "b")]);
    assert_eq!(remote.retry_after(), Some(Duration::from_millis(2500)));
    assert_eq!(remote.details().field_violations[0].path, "/lines/3/sku");
    assert_eq!(remote.request_id(), Some("r-9"));
    assert_eq!(remote.details().localized_message.as_ref().unwrap().message, "Non.");
}

proptest! {
    /// Within the budget whatever the fault, and always readable by the peer.
    #[test]
    fn any_fault_fits_and_decodes(
        message in ".{0,3000}",
        metadata in proptest::collection::vec(("[a-z]{1,20}", ".{0,400}"), 0..30),
        violations in proptest::collection::vec("[a-z/0-9]{0,100}", 0..200),
        debug in ".{0,9000}",
    ) {
        let mut details = Details::bad_request(
            violations.into_iter().map(|path| FieldViolation::body(path, "WRONG", "is wrong")),
        );
        details.debug = Some(DebugInfo::new([], debug));
        let fault = Sample { message, metadata, details: Some(details), ..Sample::default() };
        let headers = headers_of(&fault, OCCURRENCE);
        prop_assert!(header_list_size(&headers) <= 8192 - 128);
        let status = pb::Status::decode(&*encoded_status(&headers)).unwrap();
        let info: pb::ErrorInfo = detail(&status, "ErrorInfo").unwrap();
        prop_assert_eq!(info.reason, "ORDER_NOT_FOUND");
        let message = RemoteFault::from_grpc(&headers).unwrap().message().to_owned();
        prop_assert_eq!(&message, &status.message);
        prop_assert!(fault.message.starts_with(message.trim_end_matches("...")));
    }
}
