//! A domain that other code names too.
#![deny(warnings)]

use mainstay_errors::Fault;

mod names {
    pub const DOMAIN: &str = "orders.example.com";
}

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, domain = names::DOMAIN, reason = "ORDER_NOT_FOUND", message = "No order.")]
struct NotFound;

fn main() {
    assert_eq!(NotFound.kind().domain, Some(names::DOMAIN));
    assert_eq!(NotFound::table().rows()[0].kind.domain, Some(names::DOMAIN));
}
