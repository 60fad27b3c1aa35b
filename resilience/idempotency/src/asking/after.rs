use std::time::Duration;

use tokio::time::Instant;

/// Clocks end somewhere. What lasts for more than a century lasts for one.
pub(crate) fn after(now: Instant, duration: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    now.checked_add(duration.min(CENTURY)).unwrap_or(now)
}
