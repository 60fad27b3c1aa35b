//! Secrets out: memory that is erased.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroize;

use crate::EncodeError;
use crate::body::JsonBody;
use crate::pool::{self, Buffer};
use crate::write::{Output, write};

/// Room at first. What is longer moves to twice as much, and is erased where it was.
const ROOM: usize = 1024;

/// The value as JSON, as a body that is erased when its data is dropped.
///
/// It is written to a buffer that nobody else has a part of. Where it outgrows one, the old one is
/// erased; so it is if the value's `Serialize` fails or panics. For a framework that wants
/// [`Bytes`](bytes::Bytes), [`JsonBody::into_bytes`] keeps the promise for one allocation.
///
/// It ends where somebody copies: a server or a TLS layer may have buffers of its own.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Token<'a> { access_token: &'a str }
///
/// let body = mainstay_json::to_sensitive_body(&Token { access_token: "2YotnFZFEjr1zCsicMWpAA" })?;
/// assert_eq!(&*body, br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA"}"#);
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
pub fn to_sensitive_body<T: Serialize + ?Sized>(value: &T) -> Result<JsonBody, EncodeError> {
    let mut sensitive = Sensitive { buffer: pool::take(ROOM) };
    write(&mut sensitive, value)?;
    Ok(sensitive.into())
}

/// A buffer that never moves without erasing where it was, and is erased before it goes back.
pub(crate) struct Sensitive {
    buffer: Buffer,
}

impl Sensitive {
    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.buffer.len().saturating_add(more);
        let mut wider = pool::take(needed.max(self.buffer.len().saturating_mul(2)));
        wider.extend_from_slice(&self.buffer);
        // The narrower one is erased and goes back.
        drop(std::mem::replace(self, Self { buffer: wider }));
    }
}

impl Output for Sensitive {
    #[inline]
    fn reserve(&mut self, more: usize) {
        if self.buffer.room() < more {
            self.grow(more);
        }
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.buffer.extend_from_slice(bytes);
    }
}

impl AsRef<[u8]> for Sensitive {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Sensitive {
    fn drop(&mut self) {
        // Behind its end nothing of ours was ever written.
        self.buffer.as_mut_vec().as_mut_slice().zeroize();
    }
}

/// Not a byte of it.
impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sensitive").field("len", &self.buffer.len()).finish_non_exhaustive()
    }
}
