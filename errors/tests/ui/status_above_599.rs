use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, status = 600, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
struct Wrong;

fn main() {}
