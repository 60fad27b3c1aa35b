use bytes::Bytes;
use mainstay_json::{JsonBody, to_body, to_bytes};

use crate::json::Orders;

pub(in crate::json) fn bytes(orders: &Orders) -> Bytes {
    to_bytes(orders).expect("it serialises")
}

pub(super) fn body(orders: &Orders) -> JsonBody {
    to_body(orders).expect("it serialises")
}
