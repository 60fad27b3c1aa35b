use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who makes a claim: another one for each try, the same when a call to the store is repeated
/// because its answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// One that nobody else has: a random number of this process, drawn once from the operating
    /// system, and a count.
    ///
    /// A process that was forked after the first of these was made counts on with the same number:
    /// make none before.
    pub fn unique() -> Self {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let process = *PROCESS.get_or_init(random);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self((u128::from(process) << 64 | u128::from(count)).to_be_bytes())
    }

    /// The one with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Hexadecimal.
impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

/// Where the system has no random numbers, what the standard library seeds its maps with has to do.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};

    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(std::process::id()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_are_alike() {
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads = [0; 4].map(|_| scope.spawn(|| [(); 1000].map(|()| Nonce::unique())));
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), 4000);
        let [one, ..] = made[..] else { panic!() };
        assert_eq!(Nonce::from_bytes(*one.as_bytes()), one);
        assert_eq!(one.to_string().len(), 32);
    }
}
