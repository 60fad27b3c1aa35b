//! The area `json`: values out, alone and as a whole answer, and values in.

mod decode;
mod encode;
mod encode_2t;
mod respond;

use serde::Serialize;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area {
    name: "json",
    cases: &[
        encode::OF_200_BYTES,
        encode::OF_4_KILOBYTES,
        encode::OF_256_KILOBYTES,
        encode_2t::CASE,
        respond::OF_200_BYTES,
        respond::OF_4_KILOBYTES,
        respond::OF_256_KILOBYTES,
        decode::INTO_STRUCTS,
        decode::INTO_MAPS,
    ],
};

/// What is written: orders, as a shop lists them. Some strings need escaping.
#[derive(Serialize)]
struct Orders {
    orders: Vec<Order>,
}

#[derive(Serialize)]
struct Order {
    id: u64,
    sku: &'static str,
    customer: String,
    note: &'static str,
    status: &'static str,
    quantity: u32,
    price: f64,
    paid: bool,
    coupon: Option<&'static str>,
}

impl Orders {
    /// About 200 B.
    fn of_200_bytes() -> Self {
        Self::of(1)
    }

    /// About 4 KB.
    fn of_4_kilobytes() -> Self {
        Self::of(24)
    }

    /// About 256 KB.
    fn of_256_kilobytes() -> Self {
        Self::of(1500)
    }

    fn of(count: u32) -> Self {
        Self { orders: (0..count).map(Order::example).collect() }
    }
}

impl Order {
    fn example(nth: u32) -> Self {
        Self {
            id: 4_711_000 + u64::from(nth),
            sku: "TEA-GREEN-100",
            customer: format!("c-{:08}", u64::from(nth) * 7919),
            note: match nth % 3 {
                0 => "Leave it \"at the door\",\nplease.",
                1 => "No note.",
                _ => "Grüße aus Köln",
            },
            status: "awaiting-payment",
            quantity: 1 + nth % 5,
            price: 4.75 + f64::from(nth) / 8.0,
            paid: nth.is_multiple_of(2),
            coupon: (nth.is_multiple_of(4)).then_some("SPRING-26"),
        }
    }
}
