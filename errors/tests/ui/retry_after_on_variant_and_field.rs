use std::time::Duration;

use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(unavailable, retry_after = "2s", reason = "BUSY", message = "Try again.")]
struct Wrong {
    #[fault(retry_after)]
    wait: Duration,
}

fn main() {}
