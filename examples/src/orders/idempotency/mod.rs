//! Idempotency keys: how they are read, what they are unique within, what they become, and where
//! they are kept.
//!
//! In the database they are claimed by the service itself, in the transactions of its orders. In
//! memory or on Redis they are claimed by a layer around the routes, and the service underneath
//! knows an order by its scope and key all the same: a store that forgets costs no second charge.
//!
//! Wherever they are kept, a request that is wrong in itself is told so before its key is looked at:
//! it could not have been the first one, and nothing is stored of it.

mod fingerprint;
mod guard;
mod guarded;
mod key;
mod key_store;

pub use fingerprint::fingerprint;
pub use guard::{Call, Guard, Guards, PATIENCE};
pub use guarded::REPLAYED;
pub(in crate::orders) use guarded::{guarded, guarded_all};
pub use key::ScopedKey;
pub(in crate::orders) use key_store::Keys;
pub use key_store::{InvalidKeyStore, KeyStore, OpenKeysError};
