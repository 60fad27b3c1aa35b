//! Orders in a database: `SQLite` or PostgreSQL, by the same statements.
//!
//! No function here waits for anything but the database, so that no transaction is ever open
//! while the network is asked for something.

mod backoff;
mod cancel;
mod claim;
mod held;
mod identity;
mod lease;
mod open;
mod passing;
mod pool;
mod query;
mod row;

pub use cancel::Cancelled;
pub use claim::Claimed;
pub use held::Held;
pub use lease::{LEASE, Lease};
pub use open::OpenError;
pub use passing::is_passing;
pub use row::Stored;

use std::sync::Arc;

use pool::Pool;

/// The database of orders.
///
/// `SQLite` has one writer at a time whatever is done, so it is given one connection for writing:
/// requests queue for it here, where the wait is bounded and fair, and not in `SQLite`'s busy loop.
#[derive(Clone, Debug)]
pub struct Store {
    read: Pool,
    write: Pool,
    id: Arc<str>,
}
