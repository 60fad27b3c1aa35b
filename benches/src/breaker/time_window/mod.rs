//! A call that goes well, through a closed breaker that judges the calls of the last hour, of
//! which there were a hundred, or a hundred thousand.
//!
//! Equal work: as [`crate::call`] has it. The calls of the past are made before anything is
//! measured. tower-resilience keeps each call, so that its window grows while it is measured: by
//! a batch for the hundred, after which it is refilled, and by a few percent for the hundred
//! thousand. To fill that takes it seconds, and minutes under callgrind, where it is left out.

mod floor;
mod mainstay;
mod seatbelt;
mod tower_resilience;

use std::time::Duration;

use tower_service::Service;

use crate::call::{self, Backend, enter, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation};

pub(super) const HUNDRED: Case = Case {
    name: "time-100",
    what: "a breaker that is closed, with a window of time that holds a hundred calls; the floor \
           is one read of the clock and one counter of the current slice",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || after(100, floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || after(100, mainstay::around(Backend)) },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || tower_resilience::refilled(100),
        },
        Contender { who: "seatbelt", prepare: || after(100, seatbelt::around(Backend)) },
    ],
};

pub(super) const HUNDRED_THOUSAND: Case = Case {
    name: "time-100k",
    what: "`time-100` with a hundred thousand calls in the window",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfCase("time-100", 1.1)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || after(100_000, floor::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || after(100_000, mainstay::around(Backend)) },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || after(100_000, tower_resilience::around(Backend)),
        },
        Contender { who: "seatbelt", prepare: || after(100_000, seatbelt::around(Backend)) },
    ],
};

/// How long a call counts.
const WINDOW: Duration = Duration::from_hours(1);
/// Which part of them may fail.
const RATE: f32 = 0.5;
/// From how many on they are judged.
const LEAST: u32 = 10;

/// The operation that makes one good call, after so many others. Those are made when the first
/// batch is due, so that a case that is filtered out costs nothing.
fn after<S>(calls: u64, service: S) -> Operation
where
    S: Service<u64, Response = u64> + Clone + 'static,
{
    let past = service.clone();
    let mut left = calls;
    repeat(service).restored_by(move || fill(&past, std::mem::take(&mut left)))
}

fn fill<S>(service: &S, calls: u64)
where
    S: Service<u64, Response = u64> + Clone,
{
    for _ in 0..calls {
        call::exchange(service, call::GOOD);
    }
}

fn check_same_work() {
    call::check(&floor::around(Backend));
    call::check(&mainstay::around(Backend));
    call::check(&tower_resilience::around(Backend));
    call::check(&seatbelt::around(Backend));
    let service = tower_resilience::around(Backend);
    let _entered = enter();
    fill(&service, 100);
    assert_eq!(tower_resilience::held(&service), 100);
}
