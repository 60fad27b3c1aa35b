use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caught::caught;
use super::cold::{Cold, decides};
use super::core::{Core, Drawn};
use super::word::View;
use super::{Cause, Tally};
use crate::sync::{MutexGuard, lock};

/// A breaker is about to open: what [`Config::open_by`](super::Config::open_by) goes by.
///
/// ```
/// use mainstay_resilience::breaker::{Cause, Opening};
/// use std::time::Duration;
///
/// fn how_long(opening: &Opening) -> Duration {
///     if opening.opened == 0 { Duration::from_secs(1) } else { opening.backoff }
/// }
///
/// let mut opening = Opening::new(Cause::NotRecovered);
/// opening.backoff = Duration::from_secs(8);
/// assert_eq!(how_long(&opening), Duration::from_secs(1));
/// opening.opened = 3;
/// assert_eq!(how_long(&opening), Duration::from_secs(8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// Why.
    pub cause: Cause,
    /// What it has seen: the window, or how the probes went.
    pub seen: Tally,
    /// How often it has opened lately before this; see [`Config::open_for`](super::Config::open_for).
    pub opened: u32,
    /// For how long it would open without the function.
    pub backoff: Duration,
    /// For how long the other side does not want to be called, within
    /// [`Config::max_pushback`](super::Config::max_pushback). Zero if it did not say.
    pub pushback: Duration,
}

impl Opening {
    /// The first in a while, for this cause, of a breaker that has seen nothing and opens for no
    /// time: for tests of a function, which set what it goes by.
    pub fn new(cause: Cause) -> Self {
        let (backoff, pushback) = (Duration::ZERO, Duration::ZERO);
        Self { cause, seen: Tally::default(), opened: 0, backoff, pushback }
    }
}

/// For how long a breaker opens, as a function says.
#[derive(Clone)]
pub(super) struct BreakTime(Arc<Function>);

type Function = dyn Fn(&Opening) -> Duration + Send + Sync;

impl BreakTime {
    pub(super) fn new(time: impl Fn(&Opening) -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// `None` if it panics. It is not dropped here under a lock.
    fn ask(self, opening: &Opening) -> Option<Duration> {
        caught(|| (self.0)(opening))
    }
}

/// Functions are the same if they are clones.
impl PartialEq for BreakTime {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for BreakTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakTime").finish_non_exhaustive()
    }
}

/// How it opens.
impl Core {
    /// Opens the breaker, unless its state is another by now than when the cause was seen.
    pub(super) fn open_from(
        &self,
        view: View,
        cause: Cause,
        seen: Tally,
        now: Instant,
        chance: Drawn,
    ) {
        self.open_under(lock(&self.cold), view, cause, seen, now, chance);
    }

    /// The same, by who has the lock.
    ///
    /// A function that says for how long is asked between two holds of the lock. What happens in
    /// between cannot undo the cause: a state that is still the same has only seen more.
    pub(super) fn open_under<'a>(
        &'a self,
        mut cold: MutexGuard<'a, Cold>,
        view: View,
        cause: Cause,
        seen: Tally,
        now: Instant,
        chance: Drawn,
    ) {
        let mut asked = None;
        if let Some(function) = cold.config().open_by.clone() {
            let opened = cold.steps(view.state(), now);
            let backoff = cold.config().open_for.delay(opened, &chance);
            let pushback = self.pushed(now);
            drop(cold);
            asked = function.ask(&Opening { cause, seen, opened, backoff, pushback });
            cold = lock(&self.cold);
        }
        let current = self.hot.word.load();
        // Another thread may have seen the same. With another mode or window it is still so.
        let is_so = current.state() == view.state() && current.includes(view.epoch());
        if is_so && decides(current.mode()) {
            let change = cold.open(current, cause, now, asked, self.pushed(now), &chance);
            self.make(now, &change);
            drop(cold);
            self.tell(change);
        }
    }
}
