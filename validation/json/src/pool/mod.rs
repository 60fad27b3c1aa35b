//! Buffers that are used again.
//!
//! A buffer owns its memory, so that the pool cannot hand out what somebody still reads. What is
//! free lies with a thread (`Local`), what a thread has too much of in one place for all
//! (`Shared`). Nothing is unbounded:
//!
//! | what | cap |
//! |---|---|
//! | a buffer that is kept | 8 MiB, and no more than 95 in 100 of the last 1024 uses needed |
//! | free buffers of a thread | 4 MiB |
//! | free buffers that threads leave to each other | 32 MiB |
//! | slabs under small answers (to 16 KiB), of a thread | 8 of 64 KiB |
//! | slabs under large answers, of a thread | 8, and 8 MiB together |
//! | the scratch of a thread | 16 MiB |

mod buffer;
mod class;
mod counters;
mod local;
mod pace;
mod scratch;
mod shared;
mod shelf;
mod sizes;
mod slabs;
mod thread;

pub use buffer::Buffer;
pub use counters::PoolStats;
pub(crate) use scratch::Scratch;
pub use thread::pool_stats;

/// An empty buffer with room for so many bytes at least.
pub(crate) fn take(capacity: usize) -> Buffer {
    Buffer::of(thread::take_buffer(capacity))
}
