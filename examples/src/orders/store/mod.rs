//! Orders in a database: `SQLite` or PostgreSQL, by the same statements.
//!
//! No function here waits for anything but the database, so that no transaction is ever open
//! while the network is asked for something.

mod adopt;
mod backoff;
mod cancel;
mod claim;
mod finish;
mod hold;
mod identity;
mod open;
mod passing;
mod pending;
mod pool;
mod query;
mod record;
mod row;
mod settle;

pub use cancel::Cancelled;
pub use claim::Claimed;
pub(super) use claim::claim_of;
pub use hold::{Hold, LEASE};
pub use open::OpenError;
pub use passing::is_passing;
pub use record::Record;
pub use row::Stored;

use std::sync::Arc;

use mainstay_idempotency::DynStore;
use tokio_util::task::TaskTracker;

use pool::{Claims, Pool};

/// The database of orders, and of the idempotency keys that are kept with them.
///
/// `SQLite` has one writer at a time whatever is done, so it is given one connection for writing:
/// requests queue for it here, where the wait is bounded and fair, and not in `SQLite`'s busy loop.
#[derive(Clone, Debug)]
pub struct Store {
    read: Pool,
    write: Pool,
    claims: Claims,
    /// The same, for what is done with a claim outside of transactions.
    leases: DynStore,
    /// Claims that are being let go of by whoever was dropped.
    releases: TaskTracker,
    id: Arc<str>,
}
