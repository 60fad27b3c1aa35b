use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(domain = DOMAIN)]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
struct Wrong;

fn main() {}
