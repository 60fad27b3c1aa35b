use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(unavailable, reason = "BUSY", message = "Try again.")]
struct Wrong {
    #[fault(retry_after)]
    seconds: u64,
}

fn main() {}
