//! What is claimed, done and answered in one transaction of a database.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Fingerprint, Key, Nonce, Scope};

/// The answer, as it is kept.
pub(super) const RECORD: Bytes = Bytes::from_static(&[b'a'; 240]);
/// How long it is kept.
pub(super) const KEEP: Duration = Duration::from_hours(24);

/// The effect: a row in a table of its own.
pub(super) const MAKE_ORDERS: &str = "CREATE TABLE orders (key TEXT NOT NULL, item TEXT NOT NULL)";
pub(super) const ORDER: &str = "INSERT INTO orders (key, item) VALUES ($1, 'lamp')";

/// A claim to a key that nobody else has.
pub(super) fn claim() -> Claim {
    let nonce = Nonce::unique();
    Claim {
        key: Key::new(&Scope::everybody(), &nonce.to_string()).expect("a short key"),
        fingerprint: Fingerprint::of([&b"POST"[..], b"/orders"]),
        nonce,
        lease: Duration::from_secs(10),
        keep: KEEP,
        takes_over: true,
    }
}
