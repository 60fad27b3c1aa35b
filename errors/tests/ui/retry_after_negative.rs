use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(unavailable, retry_after = "-2s", reason = "BUSY", message = "Try again.")]
struct Wrong;

fn main() {}
