use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;

/// The name of one request, for logs and for the person who calls support.
///
/// At most 64 of `[A-Za-z0-9._-]`, and so safe in a header and in a log line.
/// What a client sent that is not of this form is not taken over, as it may be an attempt to
/// forge log lines. The text lies inline: a copy allocates nothing.
///
/// ```
/// use mainstay_core::RequestId;
///
/// let id: RequestId = "b7ad6b71.retry-1".parse()?;
/// assert_eq!(id.as_str(), "b7ad6b71.retry-1");
/// assert!("two words".parse::<RequestId>().is_err());
/// assert_ne!(RequestId::random(), RequestId::random());
/// # Ok::<(), mainstay_core::InvalidRequestId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    len: u8,
    bytes: [u8; RequestId::MAX_LEN],
}

/// A request id that is empty, too long or has other characters than `[A-Za-z0-9._-]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRequestId(());

impl RequestId {
    /// The most characters an id has.
    pub const MAX_LEN: usize = 64;

    /// A new id: 128 random bits as 32 hex digits.
    ///
    /// The bits are unique, not secret: they come from the standard library's hash seeds. Use
    /// [`RequestId::from_bits`] with a generator of your own for anything else.
    pub fn random() -> Self {
        let seed = RandomState::new();
        let half = |salt: u8| {
            let mut hasher = seed.build_hasher();
            hasher.write_u8(salt);
            u128::from(hasher.finish())
        };
        Self::from_bits(half(0) << 64 | half(1))
    }

    /// The id whose 32 hex digits are these bits.
    pub fn from_bits(bits: u128) -> Self {
        let mut id = Self { len: 32, bytes: [0; Self::MAX_LEN] };
        for (byte, shift) in id.bytes.iter_mut().zip((0..128).step_by(4).rev()) {
            *byte = hex_digit(bits >> shift);
        }
        id
    }

    /// Takes an id from the wire.
    ///
    /// # Errors
    ///
    /// [`InvalidRequestId`] unless it is 1 to 64 of `[A-Za-z0-9._-]`.
    pub fn from_bytes(text: &[u8]) -> Result<Self, InvalidRequestId> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let len = u8::try_from(text.len()).map_err(|_| InvalidRequestId(()))?;
        let mut bytes = [0; Self::MAX_LEN];
        match bytes.get_mut(..text.len()) {
            Some(place) if len > 0 && text.iter().all(allowed) => place.copy_from_slice(text),
            _ => return Err(InvalidRequestId(())),
        }
        Ok(Self { len, bytes })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(text.as_bytes())
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.as_str())
    }
}

impl fmt::Display for InvalidRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not 1 to 64 of [A-Za-z0-9._-]")
    }
}

impl std::error::Error for InvalidRequestId {}

/// The digit for the lowest four bits.
fn hex_digit(bits: u128) -> u8 {
    let nibble = u8::try_from(bits & 0xf).unwrap_or_default();
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limits_are_exact() {
        assert!(RequestId::from_bytes(&[b'a'; 64]).is_ok());
        for wrong in [&b""[..], &[b'a'; 65], &[b'a'; 256], b"a b", b"a\n", b"a/b", "ä".as_bytes()]
        {
            assert_eq!(RequestId::from_bytes(wrong), Err(InvalidRequestId(())));
        }
    }

    #[test]
    fn bits_are_written_in_full() {
        assert_eq!(RequestId::from_bits(0xab).as_str(), "000000000000000000000000000000ab");
    }

    #[test]
    fn made_ids_differ_and_are_valid() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| RequestId::random()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.as_str().parse() == Ok(*id)));
    }

    proptest! {
        #[test]
        fn what_is_accepted_comes_back(text in "[A-Za-z0-9._-]{1,64}") {
            let id = RequestId::from_str(&text).unwrap();
            prop_assert_eq!(id.as_str(), text);
        }

        #[test]
        fn accepted_is_exactly_the_alphabet(text in proptest::collection::vec(any::<u8>(), 0..70)) {
            let lawful = (1..=64).contains(&text.len())
                && text.iter().all(|b| matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
            prop_assert_eq!(RequestId::from_bytes(&text).is_ok(), lawful);
        }
    }
}
