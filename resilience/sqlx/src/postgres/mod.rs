//! Claims in PostgreSQL.

mod backend;
mod calls;
mod claim;
mod held;
mod line;
mod migrate;
mod patience;
mod retrying;
mod sql;
mod store;
mod transaction;

pub use migrate::POSTGRES_SCHEMA;
pub use store::PgStore;
