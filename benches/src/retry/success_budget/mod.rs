//! A call that succeeds at once, through a retry layer that has a budget.
//!
//! Equal work: as [`crate::call`] has it. Each keeps a copy of the request, would back off
//! exponentially and at most twice, and pays into its budget for the success. seatbelt has no
//! budget, and does that much less.

pub(crate) mod floor;
pub(crate) mod mainstay;
pub(crate) mod seatbelt;
mod tower;
pub(crate) mod tower_resilience;

use std::time::Duration;

use tower_service::Service;

use crate::call::{self, Backend, enter, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "success-budget",
    what: "a retry layer with a budget around a service that is ready at once and succeeds: \
           clone of the service, readiness, call; seatbelt has no budget, and the floor is one \
           counter",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfPeer("tower", 0.3)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::around(Backend)) },
        Contender { who: "mainstay-shared", prepare: || repeat(mainstay::shared(Backend)) },
        Contender { who: "tower", prepare: || repeat(tower::around(Backend)) },
        Contender {
            who: "tower-resilience-retry",
            prepare: || repeat(tower_resilience::around(Backend)),
        },
        Contender { who: "seatbelt", prepare: || repeat(seatbelt::around(Backend)) },
    ],
};

/// How often a call may be repeated.
pub(crate) const RETRIES: u8 = 2;
/// The first delay.
pub(crate) const BASE: Duration = Duration::from_millis(100);
/// The longest.
pub(crate) const CAP: Duration = Duration::from_secs(20);

fn check_same_work() {
    check(&floor::around(Backend));
    check(&mainstay::around(Backend));
    check(&mainstay::shared(Backend));
    check(&tower::around(Backend));
    check(&tower_resilience::around(Backend));
    check(&seatbelt::around(Backend));
}

/// A good call is answered. A bad one would be repeated, after a sleep.
pub(crate) fn check<S>(service: &S)
where
    S: Service<u64, Response = u64> + Clone,
{
    let _entered = enter();
    assert_eq!(call::answer(service, call::GOOD), Some(call::ANSWER));
}
