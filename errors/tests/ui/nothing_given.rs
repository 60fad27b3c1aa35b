use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum Wrong {
    #[error("no order")]
    NotFound,
}

fn main() {}
