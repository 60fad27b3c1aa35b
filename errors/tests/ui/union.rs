use std::fmt;

use mainstay_errors::Fault;

#[derive(Clone, Copy, Fault)]
#[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
union Wrong {
    one: u64,
    other: u64,
}

impl fmt::Debug for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrong")
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrong")
    }
}

impl std::error::Error for Wrong {}

fn main() {}
