use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {0}.")]
struct Wrong(u64);

fn main() {}
