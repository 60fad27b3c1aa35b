use mainstay_errors::{Details, Fault};

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
struct Wrong {
    #[fault(details)]
    details: Option<Details>,
}

fn main() {}
