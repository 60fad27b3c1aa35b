use std::fmt;

use sha2::{Digest, Sha256};

/// What tells whether two tries with the same key ask for the same.
///
/// A digest (SHA-256) of the parts of the request that matter, each with its length before it, so
/// that no two lists of parts come to the same bytes.
///
/// ```
/// use mainstay_idempotency::Fingerprint;
///
/// let first = Fingerprint::of([&b"POST"[..], b"/orders", b"{}"]);
/// let again = Fingerprint::of([&b"POST"[..], b"/orders", b"{}"]);
/// let other = Fingerprint::of([&b"POST"[..], b"/order", b"s{}"]);
/// assert!(!first.differs_from(&again) && first.differs_from(&other));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    version: u8,
    digest: [u8; 32],
}

impl Fingerprint {
    /// The version that is made here. It changes when the way of making one does.
    const VERSION: u8 = 1;
    /// How long one is in bytes.
    pub const LEN: usize = 33;

    /// Of these parts, in this order.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { version: Self::VERSION, digest: digest(parts) }
    }

    /// Whether the two are of different requests. Of two that were made in different ways, by an
    /// older release of this crate say, nobody knows: they do not.
    pub fn differs_from(&self, other: &Self) -> bool {
        self.version == other.version && self.digest != other.digest
    }

    /// For a store: the version, then the digest.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [self.version; Self::LEN];
        if let Some(digest) = bytes.last_chunk_mut() {
            *digest = self.digest;
        }
        bytes
    }

    /// For a store: what was [written](Self::to_bytes). `None` if that has not the right length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, digest) = bytes.split_first()?;
        Some(Self { version: *version, digest: digest.try_into().ok()? })
    }
}

/// The first bytes, as all of it is of no use to a reader.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.digest.first_chunk().copied().unwrap_or_default();
        write!(f, "Fingerprint({:08x}…)", u32::from_be_bytes(first))
    }
}

/// SHA-256 over all parts, each with its length before it.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_reads_what_it_wrote() {
        let fingerprint = Fingerprint::of([&b"a"[..], b"b"]);
        let bytes = fingerprint.to_bytes();
        assert_eq!(Fingerprint::from_bytes(&bytes), Some(fingerprint));
        for wrong in [&bytes[1..], &[], &[bytes.as_slice(), &[0]].concat()] {
            assert_eq!(Fingerprint::from_bytes(wrong), None);
        }
    }

    /// Scenario 26: while two releases run side by side, no retry is refused for the way that its
    /// fingerprint was made.
    #[test]
    fn those_of_different_versions_do_not_differ() {
        let ours = Fingerprint::of([&b"a"[..]]);
        let theirs = Fingerprint { version: 2, ..Fingerprint::of([&b"b"[..]]) };
        assert!(!ours.differs_from(&theirs) && !theirs.differs_from(&ours));
    }
}
