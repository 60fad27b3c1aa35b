//! A call that goes well and fast, through a closed breaker that also judges how many are slow.
//!
//! Equal work: that of `closed`, and a look at the clock before the call and after it. Of the
//! peers only tower-resilience has this.

mod floor;
mod mainstay;
mod tower_resilience;

use std::time::Duration;

use crate::call::{self, Backend, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "slow-tracking",
    what: "`closed` with an eye on slow calls; the floor is that of `closed` and two reads of \
           the clock",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::NanosOverCase("closed", 10.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::around(Backend)) },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || repeat(tower_resilience::around(Backend)),
        },
    ],
};

fn check_same_work() {
    call::check(&floor::around(Backend));
    call::check(&mainstay::around(Backend));
    call::check(&tower_resilience::around(Backend));
}

/// What is slow.
const SLOW: Duration = Duration::from_secs(1);
