//! The traps that breakers, retries and limits fall into, and who is in which.
//!
//! A [`Trap`] is a scenario: something happens to a policy, and it has to come out well. It is
//! written once, against what a [`Library`](library::Library) offers, and run on each library
//! with that library's own types. What a library has not, is not asked of it. Nothing here is
//! claimed that was not seen in the run that wrote it down.
//!
//! To add a library: a file in `libraries` that implements `Library`, and its name in [`trap!`].

mod libraries;
mod library;
mod rig;
mod scenarios;
mod server;
#[cfg(test)]
mod tests;

use std::panic;

use libraries::{Mainstay, Seatbelt, TowerResilience};
use library::Library;
use scenarios::{
    blind_to_drops, busy_waiting, coop_budget, events_under_lock, ewma, fake_window, herd,
    hung_probe, late_results, lost_updates, never_decays, permit_lifetime, readiness_first,
    reserve_leak, timer_armed, unready_clone, wall_clock, window_ages_probes,
};

/// Something that others have fallen into.
#[derive(Clone, Copy, Debug)]
pub struct Trap {
    /// Its number in the list that the project began with.
    pub number: u8,
    /// What goes wrong.
    pub name: &'static str,
    /// What is asked of a library instead.
    pub asks: &'static str,
    /// The libraries that are asked.
    pub cells: &'static [Cell],
}

/// One library in one scenario.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The name of the crate, or of its family.
    pub who: &'static str,
    run: fn() -> Verdict,
}

/// What came of it.
pub type Verdict = Result<(), Trouble>;

/// Why a library does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It did what it should not; this is what was seen.
    Fails(String),
    /// It has no such policy, or none that can be asked.
    NotApplicable(&'static str),
}

impl Cell {
    /// Plays the scenario. It takes up to a second, where a library reads the system's clock.
    pub fn run(&self) -> Verdict {
        let run = self.run;
        panic::catch_unwind(run).unwrap_or_else(|_| Err(Trouble::Fails("panics".to_owned())))
    }
}

/// A trap with a cell for each library.
macro_rules! trap {
    ($number:literal, $scenario:ident, $name:literal, $asks:literal) => {
        Trap {
            number: $number,
            name: $name,
            asks: $asks,
            cells: &[
                Cell { who: Mainstay::NAME, run: $scenario::run::<Mainstay> },
                Cell { who: TowerResilience::NAME, run: $scenario::run::<TowerResilience> },
                Cell { who: Seatbelt::NAME, run: $scenario::run::<Seatbelt> },
            ],
        }
    };
}

/// All of them.
pub const TRAPS: &[Trap] = &[
    trap!(
        1,
        fake_window,
        "a window that does not slide",
        "after any number of good calls, as many failures as the window is long open the breaker"
    ),
    trap!(
        2,
        window_ages_probes,
        "probes age out of the window",
        "good probes close the breaker, however far apart they are"
    ),
    trap!(
        3,
        hung_probe,
        "a probe that never ends",
        "others are let in after a while, though the probes before them hang"
    ),
    trap!(
        4,
        late_results,
        "a late result of another epoch",
        "a call that was let in before the breaker opened, or in an earlier round of probes, moves \
         nothing when it ends"
    ),
    trap!(
        5,
        blind_to_drops,
        "blind to dropped calls",
        "calls that an outer timeout drops open the breaker, at least when one asks for it"
    ),
    trap!(
        6,
        unready_clone,
        "calling a clone that is not ready",
        "each attempt of a retry or hedge polls its service ready first"
    ),
    trap!(
        7,
        readiness_first,
        "readiness before admission",
        "an open breaker rejects, though the service behind it is not ready"
    ),
    trap!(
        8,
        coop_budget,
        "tokio's budget taken for overload",
        "2000 calls of one task in one go into a limit of 100000, and none is shed"
    ),
    trap!(
        9,
        reserve_leak,
        "a reservation that leaks",
        "what `poll_ready` reserved comes back when the service is dropped or the inner one fails"
    ),
    trap!(
        10,
        permit_lifetime,
        "a permit that ends with the headers",
        "a limit of concurrency can count a response until its body has ended"
    ),
    trap!(
        11,
        lost_updates,
        "lost updates of a budget",
        "what two threads pay in at once can be taken out again, to the last token and no further"
    ),
    trap!(
        12,
        events_under_lock,
        "events under the lock",
        "the user's code for an event can make a call through the same breaker"
    ),
    trap!(13, herd, "a herd of probes", "breakers that open together do not all probe together"),
    trap!(
        14,
        timer_armed,
        "a timer for every call",
        "a timeout makes no timer for a call that is over on its first poll"
    ),
    trap!(
        15,
        ewma,
        "an average that hides an outage",
        "a burst of failures counts in full, after a time of few good calls"
    ),
    trap!(
        16,
        never_decays,
        "pauses that never shrink",
        "after good conduct a pause is as short as the first one"
    ),
    trap!(
        17,
        busy_waiting,
        "busy waiting",
        "what makes a caller wait is polled again when there is something new, not all the time"
    ),
    trap!(
        18,
        wall_clock,
        "the wall clock for a stopwatch",
        "a pause is over when its time has passed, whatever happens to the date"
    ),
];
