use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("no order")]
    #[fault(not_found, reason = "order-not-found", message = "There is no such order.")]
    NotFound,

    #[error("busy")]
    #[fault(unavailable, reason = "BUSY", message = "Try again in {wait}.")]
    Busy,
}

fn main() {}
