use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "")]
struct Wrong;

fn main() {}
