use mainstay_errors::Fault;

#[derive(Debug, thiserror::Error, Fault)]
#[error("internal")]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id:?}.")]
struct Wrong {
    #[fault(public)]
    id: u64,
}

fn main() {}
