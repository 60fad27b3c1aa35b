use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
struct Wrong;

fn main() {}
