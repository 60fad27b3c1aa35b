use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::{Buffer, thread};
use crate::write::{WriteError, write};

/// Where this thread writes an answer before its length is known. It is the same memory each
/// time, and comes back whatever happens: the answer is made, a value fails, a value panics.
pub(crate) struct Scratch {
    bytes: Vec<u8>,
}

impl Scratch {
    /// Empty. While it is out, the next one on this thread is another.
    #[inline]
    pub(crate) fn take() -> Self {
        Self { bytes: thread::take_scratch() }
    }

    #[inline]
    pub(crate) fn push(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// Appends the value. If it fails, half of it may be there.
    #[inline]
    pub(crate) fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        write(&mut self.bytes, value)
    }

    /// The answer, in memory that is won back later. It is not taken by value, as the processor
    /// waits where it moves in one piece what it has just written in two.
    #[inline]
    pub(crate) fn seal(&mut self) -> Bytes {
        thread::seal(&mut self.bytes)
    }

    /// The answer, in a buffer of its own.
    #[inline]
    pub(crate) fn seal_in_buffer(&mut self) -> Buffer {
        Buffer::of(thread::seal_in_buffer(&mut self.bytes))
    }
}

impl Drop for Scratch {
    #[inline]
    fn drop(&mut self) {
        if self.bytes.capacity() > 0 {
            thread::put_scratch(&mut self.bytes);
        }
    }
}

/// Not what is in it.
impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}
