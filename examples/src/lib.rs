//! The reference service of Mainstay, `orders`, and the payment gateway it charges.
//!
//! One realistic service, axum for HTTP and tonic for gRPC in one process, that uses every crate
//! of this workspace as a user would. Its outside is described in the `README.md` beside this
//! package; its inside is meant to be read, starting at [`orders`].

pub mod cli;
pub mod logs;
pub mod orders;
pub mod payments;
pub mod serve;

/// The examples of the repository's `README.md`, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
