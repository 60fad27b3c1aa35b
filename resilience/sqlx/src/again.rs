use std::io;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// How often one thing is tried, with what others do in the way.
pub(crate) const TRIES: u32 = 6;

/// How long to wait after a try: 2 ms, and twice as long each time.
pub(crate) async fn pause(tries: u32) {
    sleep(Duration::from_millis(2 << tries.min(8))).await;
}

/// Each try has found the key in another state than the one before.
pub(crate) fn contended() -> sqlx::Error {
    io::Error::other("the key has changed whenever it was looked at").into()
}

/// What comes of it within this time.
pub(crate) async fn within<T, E: From<sqlx::Error>>(
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    timeout(limit, call).await.unwrap_or_else(|_| Err(late("it took too long").into()))
}

/// It was waited for until the limit.
pub(crate) fn late(why: &'static str) -> sqlx::Error {
    io::Error::new(io::ErrorKind::TimedOut, why).into()
}
