//! The service over gRPC.

mod calls;
mod convert;
mod ending;
mod routes;
mod service;
mod unread;

#[cfg(test)]
pub(super) use convert::status_of;
pub use routes::{HealthReporter, router};

/// The generated messages, server and client of `orders.v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    unused_qualifications,
    clippy::pedantic,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("orders.v1");

    /// The descriptors, for reflection.
    pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("orders_descriptor");
}
