//! Claims in a `SQLite` file.

mod backend;
mod calls;
mod claim;
mod held;
mod migrate;
mod queue;
mod sql;
mod store;
mod transaction;
mod writer;

pub use migrate::SQLITE_SCHEMA;
pub use store::SqliteStore;
pub use writer::WriteTx;
