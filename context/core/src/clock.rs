use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Where code that measures time gets it from.
///
/// State machines in this workspace take the time as an argument; what stands around them asks a
/// clock, so that a test can be the clock.
pub trait Clock: Send + Sync {
    /// The monotonic time, for durations and deadlines.
    fn now(&self) -> Instant;

    /// The calendar time, for what goes on the wire or on disk. It may step back.
    fn system_time(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn system_time(&self) -> SystemTime {
        (**self).system_time()
    }
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar clock")]
    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that moves when it is told to. Clones show the same time.
///
/// ```
/// use mainstay_core::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let start = clock.now();
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now() - start, Duration::from_secs(30));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    start: Instant,
    start_system: SystemTime,
    elapsed_nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands still at the present.
    pub fn new() -> Self {
        let system = SystemClock;
        Self {
            start: system.now(),
            start_system: system.system_time(),
            elapsed_nanos: Arc::default(),
        }
    }

    /// A clock that stands still at a calendar time.
    pub fn at(system_time: SystemTime) -> Self {
        Self { start_system: system_time, ..Self::new() }
    }

    /// Moves the clock forward. It can be moved by 584 years in all and then stays there.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let saturating = |elapsed: u64| Some(elapsed.saturating_add(by));
        let _ = self.elapsed_nanos.fetch_update(Ordering::SeqCst, Ordering::SeqCst, saturating);
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed_nanos.load(Ordering::SeqCst))
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start.checked_add(self.elapsed()).unwrap_or(self.start)
    }

    fn system_time(&self) -> SystemTime {
        self.start_system.checked_add(self.elapsed()).unwrap_or(self.start_system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together_and_never_panic() {
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH);
        let other = clock.clone();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(other.now(), clock.now());
        assert_eq!(other.system_time(), SystemTime::UNIX_EPOCH + Duration::from_millis(1500));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        let _ = (clock.now(), clock.system_time());
    }
}
