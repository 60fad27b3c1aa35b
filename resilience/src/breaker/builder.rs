use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mainstay_core::Clock;

use super::{
    CircuitBreaker, Config, HalfOpen, InvalidConfig, Mode, Name, Observe, Opening, Trip, Window,
};
use crate::backoff::{Backoff, RandomSource};

/// Makes a [`CircuitBreaker`]: from [`CircuitBreaker::builder`]. Clones make breakers of their own.
#[derive(Clone)]
#[must_use]
pub struct Builder {
    pub(super) name: Name,
    pub(super) config: Config,
    pub(super) mode: Mode,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) random: Option<Arc<dyn RandomSource>>,
    pub(super) observer: Option<Arc<dyn Observe>>,
}

impl Builder {
    pub(super) fn new(name: Name) -> Self {
        let config = Config::default();
        Self { name, config, mode: Mode::Auto, clock: None, random: None, observer: None }
    }

    /// The whole [`Config`] at once.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// As [`Config::window`].
    pub fn window(self, window: Window) -> Self {
        Self { config: self.config.window(window), ..self }
    }

    /// As [`Config::trip`].
    pub fn trip(self, rule: impl Into<Trip>) -> Self {
        Self { config: self.config.trip(rule), ..self }
    }

    /// As [`Config::half_open`].
    pub fn half_open(self, half_open: HalfOpen) -> Self {
        Self { config: self.config.half_open(half_open), ..self }
    }

    /// As [`Config::open_for`].
    pub fn open_for(self, backoff: Backoff) -> Self {
        Self { config: self.config.open_for(backoff), ..self }
    }

    /// As [`Config::open_by`].
    pub fn open_by(self, time: impl Fn(&Opening) -> Duration + Send + Sync + 'static) -> Self {
        Self { config: self.config.open_by(time), ..self }
    }

    /// The mode to begin in. Default: [`Mode::Auto`].
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Whom to tell what happens. Default: nobody, which costs nothing.
    pub fn observer(self, observer: impl Observe + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Where the time comes from. Default: [`TokioClock`](crate::TokioClock).
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Where jitter gets its chance from. Default: [`ThreadRandom`](crate::backoff::ThreadRandom).
    pub fn random(self, source: impl RandomSource + 'static) -> Self {
        Self { random: Some(Arc::new(source)), ..self }
    }

    /// Makes the breaker.
    ///
    /// # Errors
    ///
    /// If something in the configuration is out of range.
    pub fn build(self) -> Result<CircuitBreaker, InvalidConfig> {
        CircuitBreaker::new(self)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
