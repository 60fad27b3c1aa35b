use std::time::Duration;

use super::{FailureRate, HalfOpen, SlowCalls, Trip, TripWhen, Window};
use crate::backoff::{Backoff, Jitter};
use crate::breaker::Consecutive;
use crate::breaker::opening::{BreakTime, Opening};
use crate::permit::DropWeights;

/// What a breaker goes by. It can be changed while the breaker is in use, with
/// [`CircuitBreaker::reconfigure`](super::CircuitBreaker::reconfigure).
///
/// It is checked when a breaker is made of it.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Config {
    pub(super) window: Window,
    /// Whether the rules are still those of [`Config::default`].
    default_rules: DefaultRules,
    pub(super) failure_rate: Option<FailureRate>,
    pub(super) slow_calls: Option<SlowCalls>,
    pub(super) slow_after: Option<Duration>,
    pub(super) consecutive: Option<Consecutive>,
    pub(super) trip_when: Option<TripWhen>,
    pub(super) half_open: HalfOpen,
    pub(super) open_for: Backoff,
    pub(super) open_by: Option<BreakTime>,
    pub(super) max_pushback: Duration,
    pub(super) weights: DropWeights,
}

/// How the rules came about makes no other configuration of them.
#[derive(Clone, Copy, Debug)]
struct DefaultRules(bool);

impl PartialEq for DefaultRules {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// 5 s, doubled up to 60 s, give or take a fifth.
pub(super) const OPEN_FOR: Backoff = Backoff::exponential()
    .base(Duration::from_secs(5))
    .cap(Duration::from_secs(60))
    .jitter(Jitter::PlusMinus(20));

impl Config {
    /// In which calls failures and slow calls are counted. Default: the last 100 calls.
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Adds a rule that opens the breaker, in place of an earlier one of the same kind. Any of
    /// them does. Without one it opens at half of at least 20 calls; the first one that is given takes
    /// the place of that, unless the breaker is in use already.
    pub fn trip(self, rule: impl Into<Trip>) -> Self {
        let mut config = if self.default_rules.0 { self.without_rules() } else { self };
        match rule.into() {
            Trip::FailureRate(rule) => config.failure_rate = Some(rule),
            Trip::SlowCalls(rule) => config.slow_calls = Some(rule),
            Trip::Consecutive(rule) => config.consecutive = Some(rule),
            Trip::When(rule) => config.trip_when = Some(rule),
        }
        config
    }

    /// As a breaker has it: its rules are its own, and another is one more.
    pub(super) fn in_use(self) -> Self {
        Self { default_rules: DefaultRules(false), ..self }
    }

    /// Takes all rules away: then nothing opens the breaker by itself.
    pub fn without_rules(self) -> Self {
        Self {
            failure_rate: None,
            slow_calls: None,
            consecutive: None,
            trip_when: None,
            default_rules: DefaultRules(false),
            ..self
        }
    }

    /// Takes the rule on the share of failed calls away, be it given or the one by default.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{CircuitBreaker, Consecutive, FailureRate};
    ///
    /// let breaker = CircuitBreaker::builder("payments")
    ///     .trip(FailureRate::at_least(0.5))
    ///     .trip(Consecutive::failures(5))
    ///     .build()?;
    /// breaker.reconfigure(breaker.config().without_failure_rate())?;
    /// assert_eq!(breaker.config().get_consecutive(), Some(Consecutive::failures(5)));
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn without_failure_rate(self) -> Self {
        Self { failure_rate: None, ..self.in_use() }
    }

    /// Takes the rule on the share of slow calls away. Then calls are not timed any more, but for
    /// [`Config::slow_after`].
    pub fn without_slow_calls(self) -> Self {
        Self { slow_calls: None, ..self }
    }

    /// Takes the rule on failures in a row away.
    pub fn without_consecutive(self) -> Self {
        Self { consecutive: None, ..self }
    }

    /// Takes the rule by a function away.
    pub fn without_trip_when(self) -> Self {
        Self { trip_when: None, ..self }
    }

    /// From when on a call is counted as slow where no [`SlowCalls`] says so, for a [`TripWhen`] that
    /// goes by the count of them. As with that rule, it costs two readings of the clock a call, and a
    /// slow probe is a failed one. Default: no call is slow.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{CircuitBreaker, Config, TripWhen};
    /// use std::time::Duration;
    ///
    /// let rule = TripWhen::new(|seen| seen.counts.failed + seen.counts.slow >= 10);
    /// let config = Config::default().trip(rule).slow_after(Duration::from_secs(2));
    /// let breaker = CircuitBreaker::builder("search").config(config).build()?;
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn slow_after(self, limit: Duration) -> Self {
        Self { slow_after: Some(limit), ..self }
    }

    /// Takes the limit of [`Config::slow_after`] away.
    pub fn without_slow_after(self) -> Self {
        Self { slow_after: None, ..self }
    }

    /// How it is found out whether the other side is well again. Default: [`HalfOpen::default`].
    pub fn half_open(mut self, half_open: HalfOpen) -> Self {
        self.half_open = half_open;
        self
    }

    /// For how long the breaker opens. Default: 5 s, doubled up to 60 s, give or take a fifth so
    /// that a fleet does not probe in phase.
    ///
    /// It grows each time the breaker opens, and goes a step back for each time it has been closed
    /// for as long as it was open last. The limits on attempts and on time do not matter here.
    pub fn open_for(mut self, backoff: Backoff) -> Self {
        self.open_for = backoff;
        self
    }

    /// For how long the breaker opens, by a function, in place of the backoff.
    ///
    /// What it says is brought between the floor and the cap of [`Config::open_for`]; pushback holds
    /// beside it. It is not called under a lock, and may use the breaker. It should be quick, as it
    /// is a part of a call. If it panics, the backoff holds. Two threads that see the same cause may
    /// both ask it, and then one of them opens the breaker.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{Cause, Config};
    /// use std::time::Duration;
    ///
    /// // Short after the first failures, and as long as the backoff says once probes fail.
    /// let config = Config::default().open_by(|opening| match opening.cause {
    ///     Cause::NotRecovered => opening.backoff,
    ///     _ => Duration::from_secs(1),
    /// });
    /// ```
    pub fn open_by(mut self, time: impl Fn(&Opening) -> Duration + Send + Sync + 'static) -> Self {
        self.open_by = Some(BreakTime::new(time));
        self
    }

    /// Takes the function of [`Config::open_by`] away: the backoff holds again.
    pub fn without_open_by(mut self) -> Self {
        self.open_by = None;
        self
    }

    /// The longest time that the other side can keep the breaker open by pushback, such as with
    /// `Retry-After`; up to a tenth more is added by chance, as a fleet was told the same. Default:
    /// 60 s; zero for not listening.
    pub fn max_pushback(mut self, limit: Duration) -> Self {
        self.max_pushback = limit;
        self
    }

    /// What a call counts as that was dropped. Default: [`DropWeights::DEFAULT`].
    pub fn drop_weights(mut self, weights: DropWeights) -> Self {
        self.weights = weights;
        self
    }
}

/// The last 100 calls; it opens at half of at least 20 calls.
impl Default for Config {
    fn default() -> Self {
        Self {
            window: Window::calls(100),
            default_rules: DefaultRules(true),
            failure_rate: Some(FailureRate::at_least(0.5)),
            slow_calls: None,
            slow_after: None,
            consecutive: None,
            trip_when: None,
            half_open: HalfOpen::default(),
            open_for: OPEN_FOR,
            open_by: None,
            max_pushback: Duration::from_secs(60),
            weights: DropWeights::DEFAULT,
        }
    }
}
