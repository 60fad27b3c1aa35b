use std::time::Duration;

use super::Cause;
use super::InvalidConfig;
use super::config::Config;
use super::trip::Share;
use crate::backoff::nanos;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::window::Counts;

/// What never happens: no rule, or no call so slow.
const NEVER: u64 = u64::MAX;

/// The rules that open a breaker, as they are asked after each call. They can be changed while
/// calls are judged by them; each is read as a whole.
#[derive(Debug)]
pub(super) struct Rules {
    failure_rate: AtomicU64,
    slow_rate: AtomicU64,
    slow_nanos: AtomicU64,
    consecutive: AtomicU64,
}

/// The same, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    failure_rate: Option<Share>,
    slow: Option<Share>,
    slow_after: Option<Duration>,
    consecutive: Option<u32>,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Result<Self, InvalidConfig> {
        let most = config.window.most_calls();
        let failure_rate =
            config.failure_rate.map(|it| Share::new(it.rate, it.min_calls, most)).transpose()?;
        let slow =
            config.slow_calls.map(|it| Share::new(it.rate, it.min_calls, most)).transpose()?;
        let slow_after = config.slow_calls.map(|it| it.longer_than).or(config.slow_after);
        let consecutive = config.consecutive.map(|it| it.failures);
        if consecutive == Some(0) {
            return Err(InvalidConfig::Consecutive);
        }
        Ok(Self { failure_rate, slow, slow_after, consecutive })
    }
}

impl Rules {
    pub(super) fn new(limits: &Limits) -> Self {
        let never = || AtomicU64::new(NEVER);
        let rules = Self {
            failure_rate: never(),
            slow_rate: never(),
            slow_nanos: never(),
            consecutive: never(),
        };
        rules.set(limits);
        rules
    }

    pub(super) fn set(&self, limits: &Limits) {
        self.failure_rate.store(limits.failure_rate.map_or(NEVER, pack), Relaxed);
        self.slow_rate.store(limits.slow.map_or(NEVER, pack), Relaxed);
        self.slow_nanos.store(limits.slow_after.map_or(NEVER, nanos), Relaxed);
        self.consecutive.store(limits.consecutive.map_or(NEVER, u64::from), Relaxed);
    }

    /// Whether the time that calls take matters.
    #[inline]
    pub(super) fn measure_time(&self) -> bool {
        self.slow_nanos.load(Relaxed) != NEVER
    }

    pub(super) fn is_slow(&self, nanos: u64) -> bool {
        nanos > self.slow_nanos.load(Relaxed)
    }

    /// Why a breaker that has seen this should open, if it should.
    #[inline]
    pub(super) fn judge(&self, counts: Counts, consecutive: u32) -> Option<Cause> {
        if u64::from(consecutive) >= self.consecutive.load(Relaxed) {
            return Some(Cause::Consecutive(consecutive));
        }
        if reaches(counts.failed, counts.calls, self.failure_rate.load(Relaxed)) {
            return Some(Cause::FailureRate(counts));
        }
        reaches(counts.slow, counts.calls, self.slow_rate.load(Relaxed))
            .then_some(Cause::SlowCalls(counts))
    }
}

fn pack(share: Share) -> u64 {
    u64::from(share.millionths) << 32 | u64::from(share.min_calls)
}

fn reaches(part: u32, calls: u32, packed: u64) -> bool {
    let (millionths, min_calls) = (packed >> 32, packed & 0xffff_ffff);
    packed != NEVER
        && part > 0
        && u64::from(calls) >= min_calls
        && u64::from(part) * 1_000_000 >= u64::from(calls) * millionths
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Consecutive, FailureRate, SlowCalls, Window};
    use super::*;

    fn rules(config: &Config) -> Rules {
        Rules::new(&Limits::new(config).unwrap())
    }

    proptest! {
        #[test]
        fn a_rate_opens_from_its_share_on(
            calls in 1_u32..500, part in 0_u32..500, rate in 1_u32..=100, min_calls in 1_u32..100,
        ) {
            let part = part.min(calls);
            let share = f64::from(rate) / 100.0;
            let expected = calls >= min_calls && part > 0 && part * 100 >= calls * rate;
            let failing = rules(&Config::default()
                .window(Window::calls(500))
                .trip(FailureRate::at_least(share).min_calls(min_calls)));
            let counts = Counts { calls, failed: part, slow: 0 };
            prop_assert_eq!(failing.judge(counts, 0).is_some(), expected);
            let slow = rules(&Config::default()
                .window(Window::calls(500))
                .trip(SlowCalls::longer_than(Duration::ZERO).rate(share).min_calls(min_calls)));
            let counts = Counts { calls, failed: 0, slow: part };
            prop_assert_eq!(slow.judge(counts, 0).is_some(), expected);
            // One rule is no other.
            let counts = Counts { calls, failed: part, slow: 0 };
            prop_assert_eq!(slow.judge(counts, part), None);
        }
    }

    #[test]
    fn any_rule_opens() {
        let both = rules(
            &Config::default()
                .trip(FailureRate::at_least(0.5).min_calls(10))
                .trip(Consecutive::failures(3)),
        );
        let counts = |calls, failed| Counts { calls, failed, slow: 0 };
        assert_eq!(both.judge(counts(100, 3), 3), Some(Cause::Consecutive(3)));
        assert_eq!(both.judge(counts(10, 5), 1), Some(Cause::FailureRate(counts(10, 5))));
        assert_eq!(both.judge(counts(9, 5), 2), None);
        assert_eq!(both.judge(counts(10, 4), 2), None);
    }

    #[test]
    fn slow_is_longer_than_the_limit() {
        let limit = Duration::from_millis(100);
        let slow = rules(&Config::default().trip(SlowCalls::longer_than(limit)));
        assert!(slow.measure_time() && !slow.is_slow(nanos(limit)));
        assert!(slow.is_slow(nanos(limit) + 1));
        let without = rules(&Config::default());
        assert!(!without.measure_time() && !without.is_slow(u64::MAX));
    }
}
