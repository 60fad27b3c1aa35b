use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("outer")]
    #[fault(transparent)]
    Outer(#[fault(retry_after)] std::time::Duration),
}

fn main() {}
