use std::mem;
use std::ops::Deref;

use bytes::{Buf, Bytes};

use crate::pool::Buffer;
use crate::sensitive::Sensitive;

/// What a [`JsonBody`](crate::JsonBody) sends: a pooled buffer, which goes back when this is
/// dropped.
///
/// ```
/// use bytes::Buf;
/// use http_body_util::BodyExt;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let mut body = mainstay_json::to_body("tea")?;
/// let frame = body.frame().await.expect("the one frame there is")?;
/// let mut data = frame.into_data().expect("it has no trailers");
/// data.advance(1);
/// assert_eq!(data.chunk(), b"tea\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonData {
    memory: Memory,
    /// So many bytes are read.
    read: usize,
}

/// Where it is.
#[derive(Debug)]
pub(super) enum Memory {
    /// Nowhere: it was taken.
    Taken,
    Pooled(Buffer),
    Sensitive(Sensitive),
}

impl JsonData {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory, read: 0 }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        let mut bytes = match self.memory {
            Memory::Taken => Bytes::new(),
            Memory::Pooled(buffer) => buffer.into_bytes(),
            Memory::Sensitive(sensitive) => Bytes::from_owner(sensitive),
        };
        bytes.advance(self.read);
        bytes
    }
}

impl Deref for JsonData {
    type Target = [u8];

    /// What has not been read yet.
    fn deref(&self) -> &[u8] {
        let all = match &self.memory {
            Memory::Taken => &[],
            Memory::Pooled(buffer) => &**buffer,
            Memory::Sensitive(sensitive) => sensitive.as_ref(),
        };
        all.get(self.read..).unwrap_or_default()
    }
}

impl Buf for JsonData {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        self
    }

    /// # Panics
    ///
    /// If fewer bytes remain, as the trait demands.
    fn advance(&mut self, count: usize) {
        assert!(count <= self.len(), "cannot advance past the end of the data");
        self.read += count;
    }

    /// What is asked for as a whole is not copied to where nobody erases it: see
    /// [`JsonBody::into_bytes`](crate::JsonBody::into_bytes).
    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        if len == self.len() {
            return mem::replace(self, Self::new(Memory::Taken)).into_bytes();
        }
        assert!(len <= self.len(), "cannot copy past the end of the data");
        let bytes = Bytes::copy_from_slice(self.get(..len).unwrap_or_default());
        self.advance(len);
        bytes
    }
}
