use std::hash::{BuildHasher, RandomState};

/// A number less than `end`.
pub(super) fn below(end: u16) -> u16 {
    u16::try_from(number() % u64::from(end)).unwrap_or_default()
}

/// 32 hexadecimal digits, for passwords and names.
pub(super) fn hex() -> String {
    format!("{:016x}{:016x}", number(), number())
}

/// A number nobody can guess well: the hasher of the standard library is keyed by the system.
fn number() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
