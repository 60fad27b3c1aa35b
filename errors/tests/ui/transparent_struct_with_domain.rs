use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
struct Inner;

#[derive(Debug, thiserror::Error, Fault)]
#[error(transparent)]
#[fault(transparent, domain = "orders.example.com")]
struct Wrong(Inner);

fn main() {}
