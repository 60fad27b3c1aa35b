use mainstay_idempotency::{StoreError, StoreErrorKind};
use redis::RedisError;

/// What this error is to who uses a store. A server that has reached its `maxmemory` and may evict
/// nothing is full; all else may have reached it or not, and can be repeated.
pub(crate) fn store_error(error: RedisError) -> StoreError {
    if error.code() == Some("OOM") {
        return StoreError::new(StoreErrorKind::Full);
    }
    StoreError::unavailable(error)
}
