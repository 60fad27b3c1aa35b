//! The area `backoff`: how long to wait before the next attempt.

mod next;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area { name: "backoff", cases: &[next::CASE] };
