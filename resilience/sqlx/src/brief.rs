//! Claims outside of transactions. Who makes one asks again when another has the key, after pauses
//! of its own, and gives up a call that takes long: so these wait but briefly.

use std::time::Duration;

use mainstay_idempotency::Claimed;

use crate::again::late;

/// How long one waits for another with the same key: in this process, and once more in the
/// database.
pub(crate) fn brief(wait: Duration) -> Duration {
    wait.min(Duration::from_millis(75))
}

/// A transaction has the key, or another claim is being made. There is no lease: this is how long it
/// is waited for.
pub(crate) fn busy(wait: Duration) -> Claimed {
    Claimed::Running { left: wait }
}

/// Nobody can be made to wait in this process any more.
pub(crate) fn crowded() -> sqlx::Error {
    late("too many wait for their keys")
}
