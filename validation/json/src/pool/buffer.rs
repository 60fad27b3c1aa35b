use std::fmt;
use std::io;
use std::ops::Deref;

use bytes::Bytes;

use super::class::Class;
use super::thread;

/// A buffer of the pool. It goes back when it is dropped, on whatever thread that is.
///
/// It owns its memory, so that the pool cannot hand out what somebody still reads.
///
/// ```
/// use mainstay_json::Buffer;
///
/// let mut buffer = Buffer::with_capacity(64);
/// buffer.extend_from_slice(b"{}");
/// assert_eq!(&*buffer, b"{}");
/// ```
pub struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// An empty buffer with room for so many bytes at least, or for 8 MiB if that is less: what is
    /// larger is not pooled, and what somebody says of its length may not be true.
    ///
    /// If more come, it grows as a `Vec` does.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: thread::take_buffer(capacity.min(Class::LARGEST.size())) }
    }

    /// Appends the bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The buffer as a `Vec`, for what writes to one. It may be replaced by another, which then
    /// goes to the pool in its stead.
    pub fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What is in the buffer as [`Bytes`], which can be cloned and sliced. It is copied, as
    /// [`to_bytes`](crate::to_bytes) does, and the buffer goes back at once.
    pub fn into_bytes(mut self) -> Bytes {
        thread::seal_buffer(std::mem::take(&mut self.bytes))
    }

    /// How many bytes can be appended before it moves.
    pub(crate) fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        thread::put_buffer(&mut self.bytes);
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long it is, not what is in it: that may be a customer's.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len()).finish_non_exhaustive()
    }
}
