//! Claim, effect and answer in one transaction of a `SQLite` file, with a write-ahead log and
//! `synchronous=FULL`: the log is flushed once for each commit, and a request is one commit.
//!
//! Equal work: the same statements with the same arguments, over a pool of the same kind, on a file
//! of each contender's own. By hand clients that find the file busy wait as `SQLite` has it: they
//! sleep and look again. Each operation checks what comes of it.

mod floor;
mod mainstay;

use sqlx::SqlitePool;
use tempfile::TempDir;

use super::claims::MAKE_ORDERS;
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const ONE: Case = Case {
    name: "sqlite-tx-1",
    what: "claim, a row and the answer in one transaction of a SQLite file (WAL, FULL), by one \
           client; the floor is the same SQL by hand",
    kinds: Kinds::Served,
    goals: &[Goal::RateOfFloor(0.9)],
    check_same_work: || {},
    contenders: &[
        Contender { who: FLOOR, prepare: || floor::transactions(1) },
        Contender { who: MAINSTAY, prepare: || mainstay::transactions(1) },
    ],
};

pub(super) const EIGHT: Case = Case {
    name: "sqlite-tx-8",
    what: "the same by eight clients; those of the floor wait for each other as SQLite has it, and \
           not in a queue",
    kinds: Kinds::Served,
    goals: &[Goal::RateOfCase("sqlite-tx-1", 0.9), Goal::LongestOfFloor(1.0)],
    check_same_work: || {},
    contenders: &[
        Contender { who: FLOOR, prepare: || floor::transactions(8) },
        Contender { who: MAINSTAY, prepare: || mainstay::transactions(8) },
    ],
};

/// A folder for a file, on a disk: what is in memory has nothing to flush.
fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

async fn make_orders(pool: &SqlitePool) {
    sqlx::query(MAKE_ORDERS).execute(pool).await.expect("a table");
}
