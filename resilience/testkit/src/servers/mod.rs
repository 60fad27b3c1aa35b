//! Real servers, one for each test that asks.
//!
//! ```no_run
//! use mainstay_testkit::servers::Postgres;
//!
//! let mut postgres = Postgres::start().unwrap();
//! let url = postgres.url(); // postgres://…@127.0.0.1:…/…
//! # let _ = url;
//! ```
//!
//! `start()` uses the server that `DATABASE_URL` or `REDIS_URL` names. Without it, and always with
//! `private()`, a server of the test's own is started from the programs on this machine: on a free
//! loopback port, with its own data folder and password, gone when the value is dropped. Where the
//! program is missing the error says which command installs it; a test is never skipped for it.
//! Starting one blocks for about a second.
//!
//! On Linux such a server is also killed when the test process ends without dropping it: a server
//! in a static, `exit`, a crash, a kill. Its data folder, which is in the system's temporary folder,
//! is removed all the same.

mod account;
mod error;
mod folder;
mod ports;
mod postgres;
mod postgres_program;
mod private;
mod process;
mod programs;
mod psql;
mod random;
mod redis;
mod redis_ask;
mod redis_cluster;
mod redis_program;
mod url;
mod wait;

pub use error::ServerError;
pub use ports::free_port;
pub use postgres::Postgres;
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use wait::wait_until;
