use std::time::Duration;

use super::curve::Curve;
use super::jitter::Range;
use super::{Jitter, RandomSource, Schedule, ThreadRandom};

/// How delays grow, how they are drawn, and how many there are.
///
/// It is a plain value: copied, compared and made in a constant. [`Backoff::schedule`] begins a
/// series of attempts.
///
/// ```
/// use mainstay_resilience::backoff::{Backoff, Jitter};
/// use std::time::Duration;
///
/// const POLL: Backoff = Backoff::constant(Duration::from_secs(5)).jitter(Jitter::PlusMinus(10));
/// let first = POLL.schedule().next();
/// assert!(first >= Some(Duration::from_millis(4500)) && first <= Some(Duration::from_millis(5500)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Backoff {
    pub(super) curve: Curve,
    pub(super) base: Duration,
    pub(super) floor: Duration,
    pub(super) cap: Duration,
    pub(super) jitter: Jitter,
    pub(super) retries: Option<u32>,
    pub(super) max_elapsed: Duration,
}

impl Backoff {
    /// [`Backoff::exponential`] as it is: 100 ms, doubled up to 20 s, full jitter, 3 attempts.
    pub const DEFAULT: Self = Self {
        curve: Curve::Exponential { factor: 2.0 },
        base: Duration::from_millis(100),
        floor: Duration::ZERO,
        cap: Duration::from_secs(20),
        jitter: Jitter::Full,
        retries: Some(2),
        max_elapsed: Duration::MAX,
    };

    /// For connections that were lost: 500 ms, doubled up to 60 s, give or take 30 %, never less
    /// than 100 ms. The lost connection was the first attempt, and five follow.
    pub const RECONNECT: Self = Self::exponential()
        .base(Duration::from_millis(500))
        .cap(Duration::from_secs(60))
        .jitter(Jitter::PlusMinus(30))
        .floor(Duration::from_millis(100))
        .attempts(6);

    /// Each delay is the one before times a [factor](Backoff::factor).
    pub const fn exponential() -> Self {
        Self::DEFAULT
    }

    /// Each delay is the sum of the two before: 1, 1, 2, 3, 5, 8 times the base.
    ///
    /// It grows by a factor of 1.6 after a gentler start. The rest is as in [`Backoff::DEFAULT`].
    pub const fn fibonacci() -> Self {
        Self { curve: Curve::Fibonacci, ..Self::DEFAULT }
    }

    /// Each delay is the same, without jitter and without a cap; 3 attempts.
    ///
    /// Where many clients do this at once, give it some [`Jitter::PlusMinus`].
    pub const fn constant(delay: Duration) -> Self {
        Self {
            curve: Curve::Constant,
            base: delay,
            cap: Duration::MAX,
            jitter: Jitter::None,
            ..Self::DEFAULT
        }
    }

    /// The first delay, before jitter. Default: 100 ms.
    pub const fn base(self, base: Duration) -> Self {
        Self { base, ..self }
    }

    /// By how much an exponential backoff grows from one delay to the next. Default: 2.
    ///
    /// A factor that is less than 1 or no number is taken for 1, and an infinite one for the
    /// largest there is. The other curves have no factor: there this changes nothing.
    pub const fn factor(self, factor: f64) -> Self {
        match self.curve {
            Curve::Exponential { .. } => Self { curve: Curve::exponential(factor), ..self },
            Curve::Constant | Curve::Fibonacci => self,
        }
    }

    /// No delay is longer than this, jitter included. Default: 20 s; for constant delays none.
    pub const fn cap(self, cap: Duration) -> Self {
        Self { cap, ..self }
    }

    /// No delay is shorter than this, jitter included. Default: zero.
    ///
    /// A floor above the cap is taken for the cap.
    pub const fn floor(self, floor: Duration) -> Self {
        Self { floor, ..self }
    }

    /// How delays are drawn. Default: [`Jitter::Full`]; for constant delays [`Jitter::None`].
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// How many attempts there are, the first one included. Default: 3.
    ///
    /// There are so many delays less one. Zero is taken for 1, as the first attempt needs no
    /// leave.
    pub const fn attempts(self, attempts: u32) -> Self {
        Self { retries: Some(attempts.saturating_sub(1)), ..self }
    }

    /// No limit on attempts: the schedule never ends, unless a
    /// [limit on the time](Backoff::max_elapsed) ends it.
    pub const fn unlimited_attempts(self) -> Self {
        Self { retries: None, ..self }
    }

    /// No attempt begins later than this after the first one did. Default: no limit.
    ///
    /// That counts the delays and what the attempts took, where [`Schedule::next_after`] is told
    /// of it. A delay that would end too late is not shortened: the schedule is over.
    pub const fn max_elapsed(self, max_elapsed: Duration) -> Self {
        Self { max_elapsed, ..self }
    }

    /// Brings a delay of somebody else's between floor and cap.
    pub(crate) fn cut(&self, delay: Duration) -> Duration {
        delay.max(self.floor).min(self.cap)
    }

    /// Whether the time since the first attempt matters.
    pub(crate) fn is_timed(&self) -> bool {
        self.max_elapsed < Duration::MAX
    }

    /// Whether the first attempt is the only one.
    pub(crate) fn is_single(&self) -> bool {
        self.retries == Some(0)
    }

    /// Begins a series of attempts, with chance from [`ThreadRandom`].
    pub fn schedule(&self) -> Schedule {
        self.schedule_with(ThreadRandom)
    }

    /// Begins a series of attempts, with chance from the given source.
    ///
    /// ```
    /// use mainstay_resilience::backoff::{Backoff, SeededRandom};
    ///
    /// let delays = || Backoff::DEFAULT.schedule_with(SeededRandom::new(7));
    /// assert!(delays().eq(delays()));
    /// ```
    pub fn schedule_with<R: RandomSource>(&self, source: R) -> Schedule<R> {
        Schedule::new(self, source)
    }

    /// One delay by its number, counted from zero, for whoever keeps a count and no [`Schedule`].
    ///
    /// Limits on attempts and time do not matter here. As the delay before is not known, what
    /// [`Jitter::Decorrelated`] takes for it is the curve's, before jitter.
    ///
    /// ```
    /// use mainstay_resilience::backoff::{Backoff, Jitter, ThreadRandom};
    /// use std::time::Duration;
    ///
    /// let backoff = Backoff::exponential().jitter(Jitter::None);
    /// assert_eq!(backoff.delay(3, &ThreadRandom), Duration::from_millis(800));
    /// assert_eq!(backoff.delay(u32::MAX, &ThreadRandom), Duration::from_secs(20));
    /// ```
    pub fn delay(&self, number: u32, source: &(impl RandomSource + ?Sized)) -> Duration {
        let step = self.curve.step(nanos(self.base), number);
        let range = Range::new(self);
        Duration::from_nanos(range.draw(step, step, source))
    }
}

/// [`Backoff::DEFAULT`].
impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl IntoIterator for Backoff {
    type Item = Duration;
    type IntoIter = Schedule;

    fn into_iter(self) -> Schedule {
        self.schedule()
    }
}

/// What does not fit is 584 years and more.
pub(crate) fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}
