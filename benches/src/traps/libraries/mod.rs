//! The libraries that are asked.

mod mainstay;
mod seatbelt;
mod tower_resilience;

pub(super) use mainstay::Mainstay;
pub(super) use seatbelt::Seatbelt;
pub(super) use tower_resilience::TowerResilience;
