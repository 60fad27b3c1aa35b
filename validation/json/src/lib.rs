//! JSON out on pooled buffers without allocating, JSON in within limits.

mod body;
mod decode;
mod encode;
mod fragments;
mod limits;
mod pool;
mod sensitive;

pub use body::{JsonBody, JsonData};
pub use decode::{
    DecodeError, ErrorKind, FromBody, ReadBody, Received, from_body, from_slice, read_body,
};
pub use encode::{EncodeError, to_body, to_bytes};
pub use fragments::Fragments;
pub use limits::Limits;
pub use pool::{Buffer, PoolStats, pool_stats};
pub use sensitive::to_sensitive_body;
