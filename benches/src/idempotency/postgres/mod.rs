//! Claim, effect and answer in one transaction of a PostgreSQL of this machine, with its defaults
//! for durability, by eight clients who have a connection each.
//!
//! Equal work: the same statements with the same arguments, over a pool of the same kind, in the
//! same tables of the same server. That these are two statements more than the effect alone is
//! shown by the tests of `mainstay-sqlx`. Flushes are the server's own count; commits at the same
//! time share them. Each operation checks what comes of it.

mod floor;
mod mainstay;
mod server;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const TRANSACTION: Case = Case {
    name: "postgres-tx-8",
    what: "claim, a row and the answer in one transaction of a PostgreSQL of this machine, by eight \
           clients; the floor is the same SQL by hand",
    kinds: Kinds::Served,
    goals: &[Goal::RateOfFloor(0.9)],
    check_same_work: || {},
    contenders: &[
        Contender { who: FLOOR, prepare: floor::transactions },
        Contender { who: MAINSTAY, prepare: mainstay::transactions },
    ],
};

pub(super) const EFFECT_ONLY: Case = Case {
    name: "postgres-effect-only-8",
    what: "the row alone in a transaction, by eight clients, to compare with",
    kinds: Kinds::Served,
    goals: &[],
    check_same_work: || {},
    contenders: &[Contender { who: FLOOR, prepare: floor::effects }],
};
