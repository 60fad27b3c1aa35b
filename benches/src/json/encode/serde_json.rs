use crate::json::Orders;

pub(super) fn write(orders: &Orders) -> Vec<u8> {
    ::serde_json::to_vec(orders).expect("it serialises")
}
