use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("no order")]
    #[fault(domain = "orders.example.com", not_found)]
    #[fault(reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
    NotFound,
}

fn main() {}
