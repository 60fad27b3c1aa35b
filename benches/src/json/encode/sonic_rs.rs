use crate::json::Orders;

pub(super) fn write(orders: &Orders) -> Vec<u8> {
    ::sonic_rs::to_vec(orders).expect("it serialises")
}
