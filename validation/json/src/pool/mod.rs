//! Buffers that are used again.

mod buffer;

pub use buffer::Buffer;

/// An empty buffer with room for so many bytes at least.
pub(crate) fn take(capacity: usize) -> Buffer {
    Buffer::with_capacity(capacity)
}
