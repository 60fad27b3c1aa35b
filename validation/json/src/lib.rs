//! JSON out on pooled buffers without allocating, JSON in within limits.

mod pool;

pub use pool::Buffer;
