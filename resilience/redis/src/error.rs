use mainstay_idempotency::{StoreError, StoreErrorKind};
use redis::RedisError;

/// What this error is to who uses a store. A server that has reached its `maxmemory` and may evict
/// nothing is full; all else may have reached it or not, and can be repeated.
pub(crate) fn store_error(error: RedisError) -> StoreError {
    let is_full = error.code() == Some("OOM");
    let kind = if is_full { StoreErrorKind::Full } else { StoreErrorKind::Unavailable };
    StoreError::with_source(kind, error)
}
