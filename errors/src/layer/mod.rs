//! The tower layer that gives every error of a service one shape.
//!
//! # Why
//!
//! A service answers with errors from many hands: the router's 404 is empty, an extractor's 422
//! is plain text with the name of a Rust type in it, a panic cuts the connection, and only the
//! handlers' own are what the documentation says. [`FaultLayer`] stands around all of them.

mod answer;
mod body;
mod config;
mod future;
mod log;
mod raw;
mod render;
mod request;
mod service;
mod trailers;

#[cfg(feature = "tonic")]
mod status;
#[cfg(not(feature = "tonic"))]
#[path = "no_status.rs"]
mod status;

pub use body::FaultBody;
pub use config::FaultLayer;
pub use future::FaultFuture;
pub use service::FaultService;
