use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_core::Clock;

use super::cold::{Change, Cold};
use super::event::Audience;
use super::own_rule::OwnRule;
use super::rules::{Limits, Rules};
use super::window::Ring;
use super::word::Word;
use super::{Builder, InvalidConfig, Name, State, Status};
use crate::TokioClock;
use crate::backoff::{RandomSource, ThreadRandom, nanos};
use crate::permit::WeighedDrops;
use crate::sync::{AtomicU64, Mutex, Ordering::Relaxed};
use crate::window::Tagged;

/// The breaker itself.
///
/// What is asked on each call is read without a lock; what follows from it, a change of state and
/// all that happens while half-open, is done under one. No code of a user's runs under it.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) hot: Hot,
    pub(super) ring: Apart<Ring>,
    pub(super) cold: Mutex<Cold>,
    pub(super) own_rule: OwnRule,
    /// Whether its configuration is not that of others like it.
    pub(super) set_by_itself: AtomicU64,
    pub(super) audience: Audience,
    pub(super) name: Name,
    surroundings: Surroundings,
}

/// What calls read and seldom write. It is kept apart from what every call writes.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Hot {
    pub(super) word: Word,
    pub(super) rules: Rules,
    pub(super) consecutive: Tagged,
    /// Until when the breaker is open, in nanoseconds since the origin.
    retry_at: AtomicU64,
    /// Until when the other side does not want to be called, likewise.
    pub(super) pushed_until: AtomicU64,
    /// In nanoseconds.
    pub(super) max_pushback: AtomicU64,
    pub(super) weights: WeighedDrops,
}

/// Two lines of the cache of its own: processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);

/// A number that was drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn(u64);

impl RandomSource for Drawn {
    fn next_u64(&self) -> u64 {
        self.0
    }
}

/// Time and chance.
struct Surroundings {
    origin: Instant,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn RandomSource>>,
}

impl Core {
    pub(super) fn new(builder: Builder) -> Result<Self, InvalidConfig> {
        let Builder { name, config, mode, clock, random, observer } = builder;
        let config = config.in_use();
        let surroundings = Surroundings::new(clock, random);
        let limits = Limits::new(&config)?;
        let word = Word::new(mode);
        let status = word.load().status();
        Ok(Self {
            hot: Hot {
                word,
                rules: Rules::new(&limits),
                consecutive: Tagged::default(),
                retry_at: AtomicU64::new(0),
                pushed_until: AtomicU64::new(0),
                max_pushback: AtomicU64::new(nanos(config.max_pushback)),
                weights: WeighedDrops::new(&config.weights),
            },
            ring: Apart(Ring::new(config.window, surroundings.origin)?),
            own_rule: OwnRule::new(config.trip_when.clone()),
            set_by_itself: AtomicU64::new(0),
            cold: Mutex::new(Cold::new(config, surroundings.origin)?),
            audience: Audience::new(status, observer),
            name,
            surroundings,
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.surroundings.now()
    }

    pub(super) fn status(&self) -> Status {
        self.hot.word.load().status()
    }

    /// How long it is to be open yet, in nanoseconds.
    #[inline]
    pub(super) fn wait(&self, now: Instant) -> u64 {
        self.hot.retry_at.load(Relaxed).saturating_sub(self.nanos_at(now))
    }

    /// Until when it is or was to be open, in nanoseconds since the origin.
    pub(super) fn retry_at(&self) -> u64 {
        self.hot.retry_at.load(Relaxed)
    }

    /// For how long the other side does not want to be called.
    pub(super) fn pushed(&self, now: Instant) -> Duration {
        let left = self.hot.pushed_until.load(Relaxed).saturating_sub(self.nanos_at(now));
        Duration::from_nanos(left)
    }

    pub(super) fn nanos_at(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.surroundings.origin))
    }

    /// What chance says, to be asked for before the lock is taken: the source may be a user's.
    pub(super) fn chance(&self) -> Drawn {
        let source = self.surroundings.random.as_deref().unwrap_or(&ThreadRandom);
        Drawn(source.next_u64())
    }

    /// The time first: whoever sees the state sees how long it lasts.
    pub(super) fn make(&self, now: Instant, change: &Change) {
        if change.to.state() == State::Closed {
            self.hot.pushed_until.store(0, Relaxed);
        }
        if let Some(wait) = change.wait {
            let until = self.nanos_at(now).saturating_add(nanos(wait));
            self.hot.retry_at.store(until, Relaxed);
        }
        self.hot.word.store(change.to);
    }

    pub(super) fn tell(&self, change: Change) {
        self.audience.show(|| self.hot.word.load().status());
        self.audience.tell(|| change.into_event(self.name.clone()));
    }
}

impl Surroundings {
    fn new(clock: Option<Arc<dyn Clock>>, random: Option<Arc<dyn RandomSource>>) -> Self {
        let origin = clock.as_ref().map_or_else(|| TokioClock.now(), Clock::now);
        Self { origin, clock, random }
    }

    fn now(&self) -> Instant {
        match &self.clock {
            None => TokioClock.now(),
            Some(clock) => clock.now(),
        }
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
