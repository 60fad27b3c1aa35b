use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault()]
struct Wrong;

fn main() {}
