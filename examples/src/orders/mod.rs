//! The service `orders`.
//!
//! Read it from the outside in: [`Server`] starts and drains it, `middleware` is what every
//! request passes through, `http` and `grpc` are its two faces, [`Orders`] is what can be done
//! with orders (`create` is the one worth reading), `store` and `gateway` are what it stands on,
//! and `model` is what an order is.

pub mod context;
pub mod gateway;
pub mod grpc;
pub mod http;
pub mod idempotency;
pub mod model;
pub mod store;

mod answer;
mod config;
mod create;
mod error;
mod health;
mod middleware;
mod reconcile;
mod run;
mod server;
mod service;
mod sockets;

pub use answer::{Answer, Outcome};
pub use config::OrdersConfig;
pub use error::OrderError;
pub use run::{RunError, run};
pub use server::{Addresses, ExtraRoutes, Server, StartError};
pub use service::{Orders, Page};
