use mainstay_errors::Fault;
use tonic::Status;

#[derive(Debug, thiserror::Error, Fault)]
#[fault(manual)]
enum Wrong {
    #[error("no order")]
    #[fault(not_found, reason = "order-not-found", message = "There is no such order.")]
    NotFound,
}

impl From<Wrong> for Status {
    fn from(_: Wrong) -> Self {
        Status::internal("wrong")
    }
}

fn main() {}
