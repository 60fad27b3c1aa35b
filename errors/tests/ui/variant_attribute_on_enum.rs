use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[fault(not_found)]
enum Wrong {
    #[error("no order")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
    NotFound,
}

fn main() {}
