use std::io;
use std::time::Duration;

use tokio::time::sleep;

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
