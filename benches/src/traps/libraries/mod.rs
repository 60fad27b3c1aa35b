//! The libraries that are asked.

mod seatbelt;
mod tower_resilience;

pub(super) use seatbelt::Seatbelt;
pub(super) use tower_resilience::TowerResilience;
