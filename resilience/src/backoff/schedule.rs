use std::iter::FusedIterator;
use std::time::Duration;

use super::config::nanos;
use super::curve::Steps;
use super::jitter::{Range, between};
use super::{Backoff, RandomSource, ThreadRandom};

/// The delays of one series of attempts.
///
/// As an iterator it takes the attempts to need no time; [`Schedule::next_after`] is told what
/// they took. Once it has ended it stays so.
#[derive(Clone, Debug)]
#[must_use]
pub struct Schedule<R = ThreadRandom> {
    steps: Steps,
    range: Range,
    previous: u64,
    waited: u64,
    max_elapsed: u64,
    retries: Option<u32>,
    source: R,
}

impl<R: RandomSource> Schedule<R> {
    pub(super) fn new(backoff: &Backoff, source: R) -> Self {
        let base = nanos(backoff.base);
        Self {
            steps: backoff.curve.steps(base),
            range: Range::new(backoff),
            previous: base,
            waited: 0,
            max_elapsed: nanos(backoff.max_elapsed),
            retries: backoff.retries,
            source,
        }
    }

    /// The delay before the next attempt, or `None` if there should be none.
    ///
    /// `elapsed` is the time since the first attempt began, with all that attempts and delays have
    /// taken since. Only a [limit on the time](Backoff::max_elapsed) looks at it.
    pub fn next_after(&mut self, elapsed: Duration) -> Option<Duration> {
        self.next_nanos(nanos(elapsed))
    }

    /// As [`Schedule::next_after`], where the other side has said how long the delay is: not less
    /// than that, nor than it would have been, and by chance up to a tenth more than was said, so
    /// that not everybody who was told the same comes back at the same moment.
    pub(crate) fn told_after(&mut self, elapsed: Duration, wait: Duration) -> Option<Duration> {
        let wait = nanos(wait);
        let told = between(wait, wait.saturating_add(wait / 10), self.source.next_u64());
        let own = self.range.draw(self.steps.advance(), self.previous, &self.source);
        self.next_is(nanos(elapsed), told.max(own))
    }

    /// For how long an attempt may still begin, or `None` if it is too late for one.
    pub(crate) fn left_after(&self, elapsed: Duration) -> Option<Duration> {
        self.max_elapsed.checked_sub(nanos(elapsed)).map(Duration::from_nanos)
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.retries == Some(0)
    }

    fn next_nanos(&mut self, elapsed: u64) -> Option<Duration> {
        if self.is_over() {
            return None;
        }
        let delay = self.range.draw(self.steps.advance(), self.previous, &self.source);
        let next = self.next_is(elapsed, delay);
        self.previous = if next.is_some() { delay } else { self.previous };
        next
    }

    fn next_is(&mut self, elapsed: u64, delay: u64) -> Option<Duration> {
        let retries = match self.retries {
            Some(retries) => Some(retries.checked_sub(1)?),
            None => None,
        };
        if elapsed.saturating_add(delay) > self.max_elapsed {
            self.retries = Some(0);
            return None;
        }
        self.retries = retries;
        self.waited = self.waited.saturating_add(delay);
        Some(Duration::from_nanos(delay))
    }
}

impl<R: RandomSource> Iterator for Schedule<R> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.next_nanos(self.waited)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let most = self.retries.map(|retries| usize::try_from(retries).unwrap_or(usize::MAX));
        let ends_early = self.max_elapsed < u64::MAX;
        (if ends_early { 0 } else { most.unwrap_or(usize::MAX) }, most)
    }
}

impl<R: RandomSource> FusedIterator for Schedule<R> {}
