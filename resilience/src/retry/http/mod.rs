//! Retries of HTTP and gRPC requests.

mod eligible;
mod future;
mod judge;
mod layer;
mod map;
mod peek;
mod service;
mod source;

pub use eligible::is_idempotent;
pub use future::HttpRetryFuture;
pub use layer::HttpRetryLayer;
pub use map::{MapBody, Unmapped};
pub use peek::PeekBody;
pub use service::HttpRetryService;
