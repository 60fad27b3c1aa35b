//! The area `retry`: what it costs a call that another attempt may follow.

pub(crate) mod success_budget;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area { name: "retry", cases: &[success_budget::CASE] };
