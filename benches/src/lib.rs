//! Every benchmark of the workspace, side by side with its peers.
//!
//! An [`Area`] is a table of cases, a [`Case`] is a table of contenders, and a contender is a
//! function that prepares an [`Operation`]. The three kinds of bench (time, instructions,
//! allocations) and the report all work from that one table, so that they cannot disagree about
//! what is measured.
//!
//! How to run them and how to add one is in `README.md`.

mod allocations;
mod backtraces;
mod call;
mod case;
mod instructions;
mod results;
mod served;
mod time;

pub mod backoff;
pub mod breaker;
pub mod client_stack;
pub mod errors;
pub mod idempotency;
pub mod json;
pub mod retry;
pub mod timeout;
pub mod traps;

pub use allocations::{Allocations, count_allocations};
pub use case::{Area, Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};
pub use instructions::{count_instructions, warm};
pub use results::Measured;
pub use served::Served;
pub use time::time;

/// Every area, in the order of the report.
pub const AREAS: &[Area] = &[
    errors::AREA,
    backoff::AREA,
    timeout::AREA,
    breaker::AREA,
    retry::AREA,
    client_stack::AREA,
    json::AREA,
    idempotency::AREA,
];
