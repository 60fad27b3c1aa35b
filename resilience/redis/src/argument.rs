//! What scripts are given, as bytes.

use std::time::Duration;

use mainstay_idempotency::{Held, Key, Nonce};

/// A hundred years in milliseconds: as microseconds, and added to the time, it is still a whole
/// number to Lua.
const LONGEST: u128 = 100 * 365 * 24 * 60 * 60 * 1000;

/// The name of a key: the prefix, then the key in hexadecimal.
pub(crate) fn name(prefix: &str, key: &Key) -> Vec<u8> {
    let mut name = Vec::with_capacity(prefix.len() + 2 * key.as_bytes().len());
    name.extend_from_slice(prefix.as_bytes());
    name.extend(key.as_bytes().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]));
    name
}

fn digit(of: u8) -> u8 {
    if of < 10 { b'0' + of } else { b'a' + of - 10 }
}

/// Milliseconds, at least one and at most a hundred years of them.
pub(crate) fn millis(of: Duration) -> String {
    of.as_millis().clamp(1, LONGEST).to_string()
}

/// Yes or no.
pub(crate) fn flag(of: bool) -> &'static [u8] {
    if of { b"1" } else { b"0" }
}

/// Who holds a claim: the fence, then the nonce.
pub(crate) fn owner(held: &Held) -> [u8; 24] {
    let mut owner = [0; 24];
    let (fence, nonce) = owner.split_at_mut(size_of::<u64>());
    fence.copy_from_slice(&held.fence.get().to_be_bytes());
    nonce.copy_from_slice(Nonce::as_bytes(&held.nonce));
    owner
}

#[cfg(test)]
mod tests {
    use mainstay_idempotency::{Fence, Scope};

    use super::*;

    #[test]
    fn a_name_is_the_prefix_and_the_key_as_it_is_printed() {
        let key = Key::new(&Scope::everybody(), "k").unwrap();
        assert_eq!(name("idem:", &key), format!("idem:{key}").into_bytes());
    }

    #[test]
    fn no_duration_is_too_short_or_too_long() {
        assert_eq!(millis(Duration::ZERO), "1");
        assert_eq!(millis(Duration::from_micros(2_900)), "2");
        assert_eq!(millis(Duration::MAX), "3153600000000");
    }

    #[test]
    fn an_owner_is_the_fence_and_then_the_nonce() {
        let held = Held {
            key: Key::from_bytes([0; 32]),
            nonce: Nonce::from_bytes([7; 16]),
            fence: Fence::new(0x0102),
            taken_over: false,
        };
        let owner = owner(&held);
        assert_eq!((&owner[..8], &owner[8..]), (&[0, 0, 0, 0, 0, 0, 1, 2][..], &[7; 16][..]));
    }
}
