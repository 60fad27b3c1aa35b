//! The area `idempotency`: what it costs that a request happens once.

mod claims;
mod clients;
mod memory;
mod postgres;
mod redis;
mod request;
mod sqlite;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area {
    name: "idempotency",
    cases: &[
        memory::FIRST,
        memory::REPLAY,
        redis::FIRST,
        redis::REPLAY,
        postgres::TRANSACTION,
        postgres::EFFECT_ONLY,
        sqlite::ONE,
        sqlite::EIGHT,
    ],
};
