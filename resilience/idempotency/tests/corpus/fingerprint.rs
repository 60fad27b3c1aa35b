//! What holds of every fingerprint that is read from a store: the fuzz target looks for an input
//! that breaks it, and `tests/corpus.rs` tries those that are worth keeping.

use mainstay_idempotency::Fingerprint;

/// The version, then a digest of 32 bytes.
const LEN: usize = 33;

/// The input is one, and also two, one after the other.
pub(crate) fn fingerprint(input: &[u8]) {
    read(input);
    let (one, other) = input.split_at(input.len().min(LEN));
    let (Some(one_read), Some(other_read)) = (read(one), read(other)) else { return };
    // Of different versions nobody knows.
    let differ = one[0] == other[0] && one[1..] != other[1..];
    assert_eq!(one_read.differs_from(&other_read), differ);
    assert_eq!(other_read.differs_from(&one_read), differ);
    assert_eq!(one_read == other_read, one == other);
}

fn read(bytes: &[u8]) -> Option<Fingerprint> {
    let read = Fingerprint::from_bytes(bytes);
    assert_eq!(read.is_some(), bytes.len() == LEN);
    if let Some(read) = read {
        assert_eq!(read.to_bytes(), bytes);
        assert!(!read.differs_from(&read));
        // What is made here is of the version that is read here.
        let made = Fingerprint::of([bytes]);
        assert_eq!(made.differs_from(&read), made.to_bytes()[0] == bytes[0] && made != read);
    }
    read
}
