use std::time::Duration;

use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(unavailable, reason = "BUSY", message = "Try again.")]
struct Wrong {
    #[fault(retry_after)]
    least: Duration,
    #[fault(retry_after)]
    most: Duration,
}

fn main() {}
