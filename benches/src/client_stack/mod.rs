//! The area `client-stack`: the policies of a client around each other.

mod ready;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area { name: "client-stack", cases: &[ready::CASE] };
