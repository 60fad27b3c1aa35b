//! A call that succeeds at once, through retry, breaker and timeout, in this order from outside.
//!
//! Equal work: as [`crate::call`] has it. The layers are those of the areas `retry` and
//! `breaker`, and a timeout of ten seconds an attempt. seatbelt's retry has no budget.

mod floor;
mod mainstay;
mod seatbelt;
mod tower_resilience;

use std::time::Duration;

use crate::call::{Backend, repeat};
use crate::retry::success_budget::check;
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "ready",
    what: "retry with a budget, breaker and timeout around a service that is ready at once and \
           succeeds: clone of the service, readiness, call; the floor is that of retry around \
           that of the breaker",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfPeer("tower-resilience", 1.0 / 4.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::around(Backend)) },
        Contender {
            who: "tower-resilience",
            prepare: || repeat(tower_resilience::around(Backend)),
        },
        Contender { who: "seatbelt", prepare: || repeat(seatbelt::around(Backend)) },
    ],
};

/// What an attempt may take.
const LIMIT: Duration = Duration::from_secs(10);

fn check_same_work() {
    check(&floor::around(Backend));
    check(&mainstay::around(Backend));
    check(&tower_resilience::around(Backend));
    check(&seatbelt::around(Backend));
}
