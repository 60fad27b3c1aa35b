use std::sync::OnceLock;
use std::time::Instant;

use super::Ratio;
use super::config::millionths;
use super::series::{Count, Series, TICKS};
use crate::backoff::nanos;

/// For one call in so many the time is asked.
const CALLS_PER_LOOK: u64 = 16;

/// The calls and the retries of a window that slides on by a tenth of its length at a time.
///
/// A retry is allowed by comparing and exchanging the one word that all retries go through, from
/// what it was when they were summed up: of two threads that both see room for one, one is told
/// to look again. Calls are summed up while more are made; what is missed makes for fewer retries,
/// not for more.
#[derive(Debug)]
pub(super) struct RatioLedger {
    /// The first time that was heard of; ticks are counted from there.
    origin: OnceLock<Instant>,
    tick_nanos: u64,
    share_millionths: u64,
    reserve: u64,
    calls: Series,
    retries: Series,
}

impl RatioLedger {
    pub(super) fn new(config: Ratio) -> Self {
        let window = nanos(config.window);
        // At most 60 s of a 32-bit number: it fits.
        let reserve = u128::from(config.min_per_second) * u128::from(window) / 1_000_000_000;
        Self {
            origin: OnceLock::new(),
            tick_nanos: window / TICKS,
            share_millionths: millionths(config.share),
            reserve: u64::try_from(reserve).unwrap_or(u64::MAX),
            calls: Series::default(),
            retries: Series::default(),
        }
    }

    /// Counts a call. It may be taken for older than it is, by up to fifteen calls, and then is
    /// forgotten earlier.
    #[inline]
    pub(super) fn call(&self, now: impl Fn() -> Instant) {
        let latest = self.calls.latest();
        let looks = latest.count.is_multiple_of(CALLS_PER_LOOK);
        if looks || self.calls.add_to(latest).is_err() {
            self.call_otherwise(now);
        }
    }

    /// Where the time is asked, or another thread was faster, and apart from the rest to keep that
    /// short.
    #[cold]
    #[inline(never)]
    fn call_otherwise(&self, now: impl Fn() -> Instant) {
        let mut latest = self.calls.latest();
        loop {
            let looks = latest.count.is_multiple_of(CALLS_PER_LOOK);
            let tick = if looks { self.tick(now()) } else { latest.tick };
            match self.calls.add(tick, latest) {
                Ok(_) => return,
                Err(actual) => latest = actual,
            }
        }
    }

    /// Takes a retry if there is one, and says in which tick.
    pub(super) fn withdraw(&self, now: Instant) -> Option<u64> {
        let now = self.tick(now);
        let mut latest = self.retries.latest();
        loop {
            let tick = now.max(latest.tick);
            if self.left(tick, latest) == 0 || Series::is_full(tick, latest) {
                return None;
            }
            match self.retries.add(tick, latest) {
                Ok(tick) => return Some(tick),
                Err(actual) => latest = actual,
            }
        }
    }

    pub(super) fn give_back(&self, tick: u64) {
        self.retries.remove(tick);
    }

    pub(super) fn remaining(&self, now: Instant) -> u64 {
        let latest = self.retries.latest();
        self.left(self.tick(now).max(latest.tick), latest)
    }

    fn left(&self, tick: u64, latest: Count) -> u64 {
        let calls = self.calls.sum(tick, self.calls.latest());
        // 670 million calls times a thousand million: it fits.
        let allowed = calls * self.share_millionths / 1_000_000 + self.reserve;
        allowed.saturating_sub(self.retries.sum(tick, latest))
    }

    fn tick(&self, now: Instant) -> u64 {
        let origin = self.origin.get_or_init(|| now);
        nanos(now.saturating_duration_since(*origin)) / self.tick_nanos
    }
}
