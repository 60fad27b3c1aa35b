//! The area `breaker`: what a circuit breaker costs a call that it lets through, and one that it
//! does not.

mod closed;
mod closed_2t;
mod open;
mod slow_tracking;
mod time_window;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area {
    name: "breaker",
    cases: &[
        closed::CASE,
        closed_2t::CASE,
        slow_tracking::CASE,
        open::CASE,
        time_window::HUNDRED,
        time_window::HUNDRED_THOUSAND,
    ],
};

/// The layers that `client-stack` stacks up.
pub(crate) use closed::{floor, mainstay, seatbelt, tower_resilience};
