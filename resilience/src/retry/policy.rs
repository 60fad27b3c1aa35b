use std::sync::Arc;
use std::time::Duration;

use mainstay_core::Clock;

use super::rules::{Chance, Rules};
use super::{Event, HttpRetryLayer, RetryLayer};
use crate::backoff::{Backoff, RandomSource};
use crate::budget::Budget;
use crate::classify::AnyError;

/// A retry policy: how often, after how long, and what is worth it.
///
/// It is used around a closure with [`Retry::run`], and as a [layer](Retry::layer), also for
/// [HTTP and gRPC](Retry::http_layer). Clones share the budget, and what they have observed.
/// Setting one up allocates; using it does not, as long as calls succeed.
#[derive(Clone, Debug)]
#[must_use]
pub struct Retry<C = AnyError> {
    pub(super) rules: Rules,
    pub(super) classifier: C,
}

impl Retry {
    /// The longest pushback that is waited for by default: 20 s, the cap of the default backoff.
    pub const MAX_PUSHBACK: Duration = Duration::from_secs(20);

    /// Every error is tried again, after the delays of this backoff and as often as it says.
    pub fn new(backoff: Backoff) -> Self {
        Self { rules: Rules::new(backoff), classifier: AnyError }
    }

    /// [`Backoff::exponential`]: up to 3 attempts, up to 100 ms before the second and up to 200 ms
    /// before the third.
    pub fn exponential() -> Self {
        Self::new(Backoff::exponential())
    }

    /// A layer for HTTP and gRPC services, which judges responses by their status or code: see
    /// [`HttpRetryLayer`].
    pub fn http_layer(self) -> HttpRetryLayer {
        HttpRetryLayer::new(self)
    }
}

impl<C> Retry<C> {
    /// How many attempts a call makes at most, the first one included: see [`Backoff::attempts`].
    /// Default: that of the backoff, 3.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.rules.backoff = self.rules.backoff.attempts(attempts);
        self
    }

    /// The delays between attempts, how many there are, and how long they may take in all; what
    /// attempts take counts. Default: [`Backoff::DEFAULT`].
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.rules.backoff = backoff;
        self
    }

    /// Limits the retries of all calls together. Default: none, but a service that is called in
    /// production should have one.
    pub fn budget(mut self, budget: impl Into<Budget>) -> Self {
        self.rules.budget = Some(budget.into());
        self
    }

    /// How results are judged: a failure that is
    /// [transient](crate::classify::Verdict::is_transient) is tried again. Default: [`AnyError`].
    ///
    /// For HTTP it is set on the layer: [`HttpRetryLayer::classify`].
    ///
    /// ```
    /// use mainstay_resilience::classify::Verdict;
    /// use mainstay_resilience::retry::Retry;
    /// use std::io::{Error, ErrorKind};
    ///
    /// let policy = Retry::exponential().classify(|result: &Result<u32, Error>| match result {
    ///     Ok(_) => Verdict::success(),
    ///     Err(error) if error.kind() == ErrorKind::TimedOut => Verdict::timed_out(),
    ///     Err(error) if error.kind() == ErrorKind::ConnectionRefused => Verdict::transient(),
    ///     Err(_) => Verdict::failure(),
    /// });
    /// ```
    pub fn classify<D>(self, classifier: D) -> Retry<D> {
        Retry { rules: self.rules, classifier }
    }

    /// The longest time that the other side may ask to wait: where it asks for more there is no
    /// retry, and its answer is that of the call. Where it asks for less than the backoff's delay,
    /// that is waited for. Default: [`Retry::MAX_PUSHBACK`], 20 s.
    pub fn max_pushback(mut self, max_pushback: Duration) -> Self {
        self.rules.max_pushback = max_pushback;
        self
    }

    /// Makes all attempts also where a retry further out makes its own. Attempts are then
    /// multiplied. Default: one attempt there; see the [module](super#nested-retries).
    pub fn even_when_nested(mut self) -> Self {
        self.rules.even_when_nested = true;
        self
    }

    /// Is told of every attempt that failed what follows from it. It is called in between, so it
    /// should not take long. Default: nobody is told, which costs nothing.
    ///
    /// ```
    /// use mainstay_resilience::retry::{Event, Retry};
    ///
    /// let policy = Retry::exponential().observe(|event| match event {
    ///     Event::Retrying { attempt, delay, .. } => eprintln!("attempt {attempt} in {delay:?}"),
    ///     Event::GaveUp { reason, .. } => eprintln!("no other attempt: {reason}"),
    ///     _ => {}
    /// });
    /// ```
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.rules.observer = Some(Arc::new(observer));
        self
    }

    /// Where jitter gets its chance from. Default: [`ThreadRandom`](crate::backoff::ThreadRandom).
    pub fn random(mut self, source: impl RandomSource + 'static) -> Self {
        self.rules.chance = Chance(Some(Arc::new(source)));
        self
    }

    /// What time it is, for limits on time and for the budget. Waiting is up to tokio all the
    /// same. Default: [`TokioClock`](crate::TokioClock).
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.rules.clock = Some(Arc::new(clock));
        self
    }

    /// A layer for services of any request that can be cloned: see [`RetryLayer`].
    pub fn layer(self) -> RetryLayer<C> {
        RetryLayer::of(Arc::new(self))
    }
}

/// [`Retry::exponential`].
impl Default for Retry {
    fn default() -> Self {
        Self::exponential()
    }
}

impl From<Backoff> for Retry {
    fn from(backoff: Backoff) -> Self {
        Self::new(backoff)
    }
}
