//! A value as JSON, in memory that can be sent.
//!
//! Equal work: all write the same value, and what each returns holds the same bytes and is
//! dropped. The floor is the serialiser of `mainstay` alone, into a `Vec` that is kept: it has
//! nothing to send in the end. `mainstay-body` is the body with a buffer of its own.

pub(super) mod floor;
pub(super) mod mainstay;
mod serde_json;
mod simd_json;
mod sonic_rs;

use std::hint::black_box;

use super::Orders;
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};

/// All who write, with what makes the value.
macro_rules! contenders {
    ($orders:expr) => {
        [
            Contender { who: FLOOR, prepare: || floor::repeat($orders()) },
            Contender { who: MAINSTAY, prepare: || repeat($orders(), mainstay::bytes) },
            Contender { who: "mainstay-body", prepare: || repeat($orders(), mainstay::body) },
            Contender { who: "serde_json", prepare: || repeat($orders(), serde_json::write) },
            Contender { who: "sonic-rs", prepare: || repeat($orders(), sonic_rs::write) },
            Contender { who: "simd-json", prepare: || repeat($orders(), simd_json::write) },
        ]
    };
}

pub(super) const OF_200_BYTES: Case = Case {
    name: "encode-200b",
    what: "a value of about 200 B as JSON; the floor writes to a `Vec` that is kept",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::NanosOverFloor(20.0)],
    check_same_work: || check(&Orders::of_200_bytes(), 190..215),
    contenders: &contenders!(Orders::of_200_bytes),
};

pub(super) const OF_4_KILOBYTES: Case = Case {
    name: "encode-4k",
    what: "the same, about 4 KB",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfFloor(1.05)],
    check_same_work: || check(&Orders::of_4_kilobytes(), 3900..4300),
    contenders: &contenders!(Orders::of_4_kilobytes),
};

pub(super) const OF_256_KILOBYTES: Case = Case {
    name: "encode-256k",
    what: "the same, about 256 KB",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfFloor(1.05)],
    check_same_work: || check(&Orders::of_256_kilobytes(), 250_000..275_000),
    contenders: &contenders!(Orders::of_256_kilobytes),
};

fn repeat<R: 'static>(orders: Orders, write: fn(&Orders) -> R) -> Operation {
    operation(move || write(black_box(&orders)))
}

fn check(orders: &Orders, len: std::ops::Range<usize>) {
    let mut expected = Vec::new();
    floor::write(orders, &mut expected);
    assert!(len.contains(&expected.len()), "{} bytes", expected.len());
    assert_eq!(mainstay::bytes(orders), expected);
    assert_eq!(*mainstay::body(orders), *expected);
    assert_eq!(serde_json::write(orders), expected);
    assert_eq!(sonic_rs::write(orders), expected);
    assert_eq!(simd_json::write(orders), expected);
}
