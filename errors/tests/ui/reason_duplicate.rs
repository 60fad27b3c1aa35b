use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("no order")]
    #[fault(not_found, reason = "NOT_FOUND", message = "There is no such order.")]
    Order,

    #[error("no customer")]
    #[fault(not_found, reason = "NOT_FOUND", message = "There is no such customer.")]
    Customer,
}

fn main() {}
