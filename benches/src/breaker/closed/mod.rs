//! A call that goes well, through a closed breaker that judges the last 100 calls.
//!
//! Equal work: as [`crate::call`] has it. Each breaker would open at half of its calls failed,
//! and each sees both results of the backend. Not all have the same window: tower-resilience's
//! does not slide, seatbelt has none of calls and gets its shortest of time, and failsafe judges
//! a moving average. recloser and failsafe have no layer; they get the few lines that one has to
//! write to have them in a stack.

pub(super) mod failsafe;
pub(crate) mod floor;
pub(crate) mod mainstay;
pub(super) mod recloser;
pub(crate) mod seatbelt;
pub(crate) mod tower_resilience;

use crate::call::{self, Backend, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "closed",
    what: "a breaker that is closed, with a window of the last 100 calls, around a service that \
           is ready at once: clone of the service, readiness, call; the floor is one load, one \
           counter and one bit, without the clone of an `Arc`",
    kinds: Kinds::All,
    goals: &[
        Goal::Allocations(0),
        Goal::OfPeer("tower-resilience-circuitbreaker", 1.0 / 8.0),
        Goal::OfPeer("seatbelt", 1.0 / 4.0),
        Goal::OfPeer("recloser", 1.0),
    ],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::around(Backend)) },
        Contender { who: "mainstay-shared", prepare: || repeat(mainstay::shared(Backend)) },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || repeat(tower_resilience::around(Backend)),
        },
        Contender { who: "seatbelt", prepare: || repeat(seatbelt::around(Backend)) },
        Contender { who: "recloser", prepare: || repeat(recloser::around(Backend)) },
        Contender { who: "failsafe", prepare: || repeat(failsafe::around(Backend)) },
    ],
};

fn check_same_work() {
    call::check(&floor::around(Backend));
    call::check(&mainstay::around(Backend));
    call::check(&mainstay::shared(Backend));
    call::check(&tower_resilience::around(Backend));
    call::check(&seatbelt::around(Backend));
    call::check(&recloser::around(Backend));
    call::check(&failsafe::around(Backend));
}

/// How many calls are judged.
pub(super) const WINDOW: u16 = 100;
/// Which part of them may fail.
pub(super) const RATE: f32 = 0.5;
