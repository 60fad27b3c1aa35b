use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("outer")]
    #[fault(transparent)]
    Outer,
}

fn main() {}
