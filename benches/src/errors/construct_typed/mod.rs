//! The same error as in `construct`, by `?` into the error of the layer above, which is an enum
//! too: what a fault costs where nothing holds any error.

mod floor;
mod mainstay;

use std::hint::black_box;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, operation};

pub(super) const CASE: Case = Case {
    name: "construct-typed",
    what: "the same error, by `?` into the enum of the layer above; the floor has no `Fault` on it",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || operation(|| floor::there_and_back(black_box(4711))) },
        Contender {
            who: MAINSTAY,
            prepare: || operation(|| mainstay::there_and_back(black_box(4711))),
        },
    ],
};

fn check_same_work() {
    for (id, expected) in [(0, None), (5, None), (4711, Some(4711))] {
        assert_eq!(floor::there_and_back(id), expected);
        assert_eq!(mainstay::there_and_back(id), expected);
    }
}
