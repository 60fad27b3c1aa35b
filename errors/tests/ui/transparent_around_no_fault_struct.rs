use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error(transparent)]
#[fault(transparent)]
struct Wrong(#[from] std::io::Error);

fn main() {}
