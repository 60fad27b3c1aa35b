//! JSON out on pooled buffers without allocating, JSON in within limits.

mod body;
mod encode;
mod fragments;
mod pool;
mod sensitive;

pub use body::{JsonBody, JsonData};
pub use encode::{EncodeError, to_body, to_bytes};
pub use fragments::Fragments;
pub use pool::{Buffer, PoolStats, pool_stats};
pub use sensitive::to_sensitive_body;
