//! The area `timeout`: what a limit on time costs a call that keeps it.

mod ready;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area { name: "timeout", cases: &[ready::CASE] };
