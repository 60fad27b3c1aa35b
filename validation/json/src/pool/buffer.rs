use std::io;
use std::ops::Deref;

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
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// An empty buffer with room for so many bytes at least.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// Appends the bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The buffer as a `Vec`, for what writes to one. It may be replaced by another; that one
    /// goes to the pool then.
    pub fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
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
