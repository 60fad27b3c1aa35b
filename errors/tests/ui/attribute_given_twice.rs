use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "NO_ORDER", reason = "ORDER_NOT_FOUND", message = "There is none.")]
struct Wrong;

fn main() {}
