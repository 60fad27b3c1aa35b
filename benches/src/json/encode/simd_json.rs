use crate::json::Orders;

pub(super) fn write(orders: &Orders) -> Vec<u8> {
    ::simd_json::to_vec(orders).expect("it serialises")
}
