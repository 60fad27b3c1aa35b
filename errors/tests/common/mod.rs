//! Faults for the tests, and readers of what is rendered.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderMap;
use mainstay_errors::{Code, Details, Fault, GrpcStatus, Kind, Occurrence, Problem};
use serde_json::Value;

/// A fault whose every part is chosen at run time.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) code: Code,
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
    pub(crate) domain: Option<String>,
    pub(crate) message: String,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) details: Option<Details>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            code: Code::NotFound,
            status: None,
            reason: "ORDER_NOT_FOUND".to_owned(),
            domain: Some("orders.example.com".to_owned()),
            message: "There is no order 7.".to_owned(),
            metadata: Vec::new(),
            retry_after: None,
            details: None,
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sample")
    }
}

impl std::error::Error for Sample {}

impl Fault for Sample {
    fn kind(&self) -> Kind<'_> {
        let mut kind = Kind::new(self.code, &self.reason).status(self.status.unwrap_or_default());
        if let Some(domain) = &self.domain {
            kind = kind.domain(domain);
        }
        kind
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }

    fn metadata(&self, visit: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        for (key, value) in &self.metadata {
            visit(key, value);
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn details(&self) -> Option<&Details> {
        self.details.as_ref()
    }
}

/// The problem document of a fault, as a parser reads it.
pub(crate) fn problem_of(fault: &dyn Fault, occurrence: Occurrence<'_>) -> Value {
    let mut body = Vec::new();
    Problem::new(fault).at(occurrence).write_to(&mut body);
    serde_json::from_slice(&body).expect("a problem is JSON")
}

/// The gRPC headers of a fault.
pub(crate) fn headers_of(fault: &dyn Fault, occurrence: Occurrence<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    GrpcStatus::new(fault).at(occurrence).write_headers(&mut headers);
    headers
}

/// The encoded `google.rpc.Status` in gRPC headers.
pub(crate) fn encoded_status(headers: &HeaderMap) -> Vec<u8> {
    let details = headers.get("grpc-status-details-bin").expect("details");
    STANDARD_NO_PAD.decode(details.as_bytes()).expect("base64 without padding")
}

/// The size of a header list as HTTP/2 counts it.
pub(crate) fn header_list_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}
