use mainstay_errors::Fault;

#[derive(Debug)]
struct Opaque;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
struct Wrong {
    #[fault(public)]
    id: Opaque,
}

fn main() {}
