//! A call that is turned away, because the breaker is open and will be for an hour.
//!
//! Equal work: as [`crate::call`] has it, up to an error. Each breaker was opened by calls that
//! failed, and looks at the clock whether its time is over. failsafe opens at failures in a row,
//! for its rate would have to be seen for a whole window first; it rejects alike.

mod failsafe;
mod floor;
mod mainstay;
mod recloser;
mod seatbelt;
mod tower_resilience;

use std::time::Duration;

use tower_service::Service;

use crate::call::{self, Backend, enter, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "open",
    what: "a call that an open breaker turns away: clone of the service, readiness, call where \
           the rejection comes from there; the floor is one load and one read of the clock",
    kinds: Kinds::All,
    goals: &[
        Goal::Allocations(0),
        Goal::OfPeer("tower-resilience-circuitbreaker", 1.0 / 5.0),
        Goal::Nanos(30.0),
    ],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat(opened(mainstay::around(Backend))) },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || repeat(opened(tower_resilience::around(Backend))),
        },
        Contender { who: "seatbelt", prepare: || repeat(opened(seatbelt::around(Backend))) },
        Contender { who: "recloser", prepare: || repeat(opened(recloser::around(Backend))) },
        Contender { who: "failsafe", prepare: || repeat(opened(failsafe::around(Backend))) },
    ],
};

/// How long they stay open.
const PAUSE: Duration = Duration::from_hours(1);

/// The service, after more failed calls than any of them bears.
fn opened<S>(service: S) -> S
where
    S: Service<u64, Response = u64> + Clone,
{
    let _entered = enter();
    for _ in 0..200 {
        call::exchange(&service, call::BAD);
    }
    service
}

fn check_same_work() {
    check(&floor::around(Backend));
    check(&opened(mainstay::around(Backend)));
    check(&opened(tower_resilience::around(Backend)));
    check(&opened(seatbelt::around(Backend)));
    check(&opened(recloser::around(Backend)));
    check(&opened(failsafe::around(Backend)));
}

/// A good call is not answered.
fn check<S>(service: &S)
where
    S: Service<u64, Response = u64> + Clone,
{
    let _entered = enter();
    assert!(matches!(call::exchange(service, call::GOOD), Some(Err(_))));
}
