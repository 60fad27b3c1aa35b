use std::fmt;
use std::hash::{Hash, Hasher};

use crate::fingerprint::digest;

/// Within what a client's key is its own: the tenant, the caller, the route.
///
/// There is no default. A key that is not scoped to its caller answers one client with what
/// another has done.
///
/// ```
/// use mainstay_idempotency::{Key, Scope};
///
/// let scope = Scope::of(["tenant-7", "POST /orders"]);
/// let key = Key::new(&scope, "c8f3")?;
/// assert_ne!(key, Key::new(&Scope::of(["tenant-8", "POST /orders"]), "c8f3")?);
/// # Ok::<(), mainstay_idempotency::InvalidKey>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope([u8; 32]);

/// A client's key within its scope, as stores know it: a digest (SHA-256) of both.
///
/// It has always the same length and is never text of a client's, so that no store has to escape
/// it. It is no secret: who reads it in a store or a log can find out by trying which key a client
/// has chosen, if that can be guessed, such as `order-5`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// A client's key is empty, longer than 255 bytes, or has control characters in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKey;

impl Scope {
    /// The scope of these parts. `["a", "b"]` is another one than `["ab"]`.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(digest(parts.into_iter().map(str::as_bytes)))
    }

    /// All callers share it. Right where there is but one, such as the consumer of a queue whose
    /// message ids are unique.
    pub fn everybody() -> Self {
        Self::of([])
    }
}

impl Key {
    /// The longest that a client's key may be, in bytes.
    pub const MAX_LEN: usize = 255;

    /// What a client has called `key`, from 1 to 255 bytes without control characters.
    pub fn new(scope: &Scope, key: &str) -> Result<Self, InvalidKey> {
        let is_valid = (1..=Self::MAX_LEN).contains(&key.len()) && !key.contains(char::is_control);
        if !is_valid {
            return Err(InvalidKey);
        }
        Ok(Self(digest([&scope.0[..], key.as_bytes()])))
    }

    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Eight of its bytes stand for all of them, as it is a digest. A hasher that is keyed is needed
/// all the same: clients can choose keys whose digests have some bits in common.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let last = self.0.last_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_le_bytes(last));
    }
}

/// Hexadecimal, 64 characters. It is not the client's key, but [gives away](Key) one that can be
/// guessed.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an idempotency key has from 1 to 255 bytes and no control characters")
    }
}

impl std::error::Error for InvalidKey {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_limits() {
        let key = |key: &str| Key::new(&Scope::everybody(), key);
        assert!(key("k").is_ok() && key(&"k".repeat(255)).is_ok() && key("ключ").is_ok());
        for wrong in ["", &"k".repeat(256), "a\nb", "\u{7f}"] {
            assert_eq!(key(wrong), Err(InvalidKey));
        }
    }

    /// Scenario 25: what one part ends with the next cannot begin with.
    #[test]
    fn no_scope_is_another() {
        let scopes = [
            Scope::of(["ab", "c"]),
            Scope::of(["a", "bc"]),
            Scope::of(["abc"]),
            Scope::of(["abc", ""]),
            Scope::everybody(),
        ];
        for (at, one) in scopes.iter().enumerate() {
            for other in &scopes[at + 1..] {
                assert_ne!(Key::new(one, "k"), Key::new(other, "k"));
            }
        }
        assert_eq!(Key::new(&scopes[0], "k"), Key::new(&Scope::of(["ab", "c"]), "k"));
    }
}
