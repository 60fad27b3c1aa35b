use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(domain = "orders.example.com")]
struct Wrong;

fn main() {}
