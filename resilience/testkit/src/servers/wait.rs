use std::{
    thread,
    time::{Duration, Instant},
};

/// Calls `probe` every few milliseconds until it returns a value, for at most `limit`.
///
/// For tests of processes and sockets, which have no event to wait for. The probe runs at least
/// once.
#[expect(
    clippy::disallowed_methods,
    reason = "another process keeps its own time; this is the one place that waits for it"
)]
pub fn wait_until<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    const STEP: Duration = Duration::from_millis(10);
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if begun.elapsed() >= limit {
            return None;
        }
        thread::sleep(STEP);
    }
}
