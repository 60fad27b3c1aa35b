//! The same as `encode-4k`, on two threads at once.
//!
//! Equal work: both threads write the same value, each to memory of its own, and share nothing
//! that is written to. So two threads should cost each what the floor pays for the memory and the
//! processor they have in common, and no more.

use std::cell::RefCell;
use std::hint::black_box;

use super::Orders;
use super::encode::{floor, mainstay};
use crate::call::on_two_threads;
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation};

pub(super) const CASE: Case = Case {
    name: "encode-4k-2t",
    what: "`encode-4k` on two pinned threads at once",
    kinds: Kinds::Time,
    goals: &[Goal::SlowsLikeFloor("encode-4k", 1.1)],
    check_same_work: || (),
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(into_own_vec) },
        Contender { who: MAINSTAY, prepare: || repeat(|orders| drop(mainstay::bytes(orders))) },
        Contender { who: "serde_json", prepare: || repeat(into_new_vec) },
    ],
};

fn repeat(write: fn(&Orders)) -> Operation {
    let orders = Orders::of_4_kilobytes();
    on_two_threads(move |rounds| (0..rounds).for_each(|_| write(black_box(&orders))))
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn into_own_vec(orders: &Orders) {
    BUFFER.with_borrow_mut(|buffer| {
        floor::write(orders, buffer);
        black_box(buffer.as_slice());
    });
}

fn into_new_vec(orders: &Orders) {
    black_box(serde_json::to_vec(orders).expect("it serialises"));
}
