//! End-to-end tests: the built programs on free ports, driven over sockets by a real HTTP client
//! and a real gRPC client, on `SQLite` and on PostgreSQL.
//!
//! One binary, as every one more would link the whole service again.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy.toml allows it in test functions, not in what they share"
)]

mod support;

mod breaker;
mod crash;
mod drain;
mod errors_grpc;
mod errors_http;
mod happy_grpc;
mod happy_http;
mod idempotency;
mod outage;
mod payments;
mod process;
mod python_client;
mod reconcile;
mod replays;
mod store;
mod stores_of_keys;
