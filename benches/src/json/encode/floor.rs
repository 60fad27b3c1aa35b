//! The serialiser alone: the memory is there and stays.

use std::hint::black_box;

use mainstay_json::append_to;

use crate::json::Orders;
use crate::{Operation, operation};

#[inline]
pub(in crate::json) fn write(orders: &Orders, buffer: &mut Vec<u8>) {
    buffer.clear();
    append_to(buffer, orders).expect("it serialises");
}

pub(super) fn repeat(orders: Orders) -> Operation {
    let mut buffer = Vec::new();
    operation(move || {
        write(black_box(&orders), &mut buffer);
        black_box(buffer.as_slice());
    })
}
