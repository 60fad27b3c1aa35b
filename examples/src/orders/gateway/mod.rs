//! The payment gateway as the service sees it: a client in a stack of layers.

mod breaker;
mod client;
mod error;
mod stack;
mod url;

pub use client::{Charge, Gateway};
pub use error::GatewayError;
pub use url::{GatewayUrl, InvalidGatewayUrl};
