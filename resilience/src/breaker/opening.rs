use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cold::decides;
use super::core::{Core, Drawn};
use super::word::View;
use super::{Cause, Tally};
use crate::sync::lock;

/// A breaker is about to open: what [`Config::open_by`](super::Config::open_by) goes by.
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

/// For how long a breaker opens, as a function says.
#[derive(Clone)]
pub(super) struct BreakTime(Arc<Function>);

type Function = dyn Fn(&Opening) -> Duration + Send + Sync;

impl BreakTime {
    pub(super) fn new(time: impl Fn(&Opening) -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// `None` if it panics: results are told to destructors as well, from where no panic may get
    /// out.
    fn ask(&self, opening: &Opening) -> Option<Duration> {
        catch_unwind(AssertUnwindSafe(|| (self.0)(opening))).ok()
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
    ///
    /// A function that says for how long is asked between two holds of the lock. What happens in
    /// between cannot undo the cause: a state that is still the same has only seen more.
    pub(super) fn open_from(
        &self,
        view: View,
        cause: Cause,
        seen: Tally,
        now: Instant,
        chance: Drawn,
    ) {
        let asked = self.ask_how_long(view, cause, seen, now, chance);
        let mut cold = lock(&self.cold);
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

    fn ask_how_long(
        &self,
        view: View,
        cause: Cause,
        seen: Tally,
        now: Instant,
        chance: Drawn,
    ) -> Option<Duration> {
        let (function, opened, backoff) = {
            let cold = lock(&self.cold);
            let function = cold.config().open_by.clone()?;
            let opened = cold.steps(view.state(), now);
            (function, opened, cold.config().open_for.delay(opened, &chance))
        };
        let pushback = self.pushed(now);
        function.ask(&Opening { cause, seen, opened, backoff, pushback })
    }
}
