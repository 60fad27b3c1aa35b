use bytes::Bytes;
use serde::Deserialize;

use super::Read;
use crate::json::Orders;

/// [`Orders`] as they come in.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Typed {
    orders: Vec<Order>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    id: u64,
    sku: String,
    customer: String,
    note: String,
    status: String,
    quantity: u32,
    price: f64,
    paid: bool,
    coupon: Option<String>,
}

impl Read for Typed {
    fn example() -> Bytes {
        serde_json::to_vec(&Orders::of_4_kilobytes()).expect("it serialises").into()
    }
}
