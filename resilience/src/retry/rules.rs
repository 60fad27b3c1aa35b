use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_core::Clock;

use super::durations::Durations;
use super::{Event, Retry};
use crate::TokioClock;
use crate::backoff::{Backoff, RandomSource, Schedule, ThreadRandom};
use crate::budget::Budget;

pub(super) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// What a policy says, but for how it judges.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) backoff: Backoff,
    pub(super) budget: Option<Budget>,
    pub(super) max_pushback: Duration,
    pub(super) even_when_nested: bool,
    pub(super) chance: Chance,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) observer: Option<Observer>,
    /// Clones of a policy call the same service.
    pub(super) durations: Arc<Durations>,
}

impl Rules {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            budget: None,
            max_pushback: Retry::MAX_PUSHBACK,
            even_when_nested: false,
            chance: Chance(None),
            clock: None,
            observer: None,
            durations: Arc::default(),
        }
    }

    /// The one place where the time comes from.
    pub(super) fn now(&self) -> Instant {
        match &self.clock {
            Some(clock) => clock.now(),
            None => TokioClock.now(),
        }
    }

    pub(super) fn schedule(&self) -> Schedule<Chance> {
        self.backoff.schedule_with(self.chance.clone())
    }

    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.observer {
            observer(&event());
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("backoff", &self.backoff)
            .field("budget", &self.budget)
            .field("max_pushback", &self.max_pushback)
            .field("even_when_nested", &self.even_when_nested)
            .finish_non_exhaustive()
    }
}

/// A source of chance that was handed in, or the thread's own.
#[derive(Clone)]
pub(super) struct Chance(pub(super) Option<Arc<dyn RandomSource>>);

impl RandomSource for Chance {
    fn next_u64(&self) -> u64 {
        match &self.0 {
            Some(source) => source.next_u64(),
            None => ThreadRandom.next_u64(),
        }
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}
