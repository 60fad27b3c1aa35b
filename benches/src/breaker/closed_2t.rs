//! The same as `closed`, from two threads at once through clones of one service.
//!
//! Equal work: both threads make all their calls between two barriers, each on a processor of its
//! own. A time is that of one call of the slower thread. On so few processors it says what one
//! more thread costs, and nothing about sixteen. Where the host puts the two is worth a factor of
//! four for all who pass a line back and forth, and changes by the minute: only contenders of one
//! run can be compared, and a surprise wants a second run.

use super::closed::{failsafe, mainstay, recloser, seatbelt, tower_resilience};
use crate::call::{self, Backend, counted, repeat_on_two_threads};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const CASE: Case = Case {
    name: "closed-2t",
    what: "`closed` from two pinned threads at once, each with clones of one service; the floor \
           is one `fetch_add` a call, by both on one cache line",
    kinds: Kinds::Time,
    goals: &[Goal::OfPeer("tower-resilience-circuitbreaker", 1.0 / 8.0), Goal::OfFloor(2.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat_on_two_threads(counted::around(Backend)) },
        Contender { who: MAINSTAY, prepare: || repeat_on_two_threads(mainstay::around(Backend)) },
        Contender {
            who: "mainstay-shared",
            prepare: || repeat_on_two_threads(mainstay::shared(Backend)),
        },
        Contender {
            who: "tower-resilience-circuitbreaker",
            prepare: || repeat_on_two_threads(tower_resilience::around(Backend)),
        },
        Contender { who: "seatbelt", prepare: || repeat_on_two_threads(seatbelt::around(Backend)) },
        Contender { who: "recloser", prepare: || repeat_on_two_threads(recloser::around(Backend)) },
        Contender { who: "failsafe", prepare: || repeat_on_two_threads(failsafe::around(Backend)) },
    ],
};

/// That of the others is checked by `closed`.
fn check_same_work() {
    call::check(&counted::around(Backend));
}
