use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong<E: std::error::Error> {
    #[error(transparent)]
    #[fault(transparent)]
    Outer(E),
}

fn use_it(wrong: Wrong<std::io::Error>) -> mainstay_errors::Error {
    wrong.into()
}

fn main() {}
