use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error(transparent)]
    #[fault(transparent)]
    Io(#[from] std::io::Error),
}

fn main() {}
