use std::time::{Duration, Instant};

use super::half_open::Trials;
use super::trial::{Answer, Judgement, Trial};
use super::word::View;
use super::{Cause, Config, Event, InvalidConfig, Mode, Name, Probation, State, Tally};
use crate::backoff::{Backoff, Jitter, RandomSource};
use crate::window::Sample;

/// What is only needed when the state changes, and while half-open. It is kept under a lock.
#[derive(Debug)]
pub(super) struct Cold {
    config: Config,
    trials: Trials,
    trial: Option<Trial>,
    /// How often it has opened lately: which step of the backoff is next.
    opened: u32,
    /// For how long it was open last.
    last_wait: Duration,
    closed_at: Instant,
}

/// A change that was made, to be told once the lock is free.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(super) struct Change {
    pub(super) from: View,
    pub(super) to: View,
    pub(super) cause: Cause,
    pub(super) wait: Option<Duration>,
}

impl Cold {
    pub(super) fn new(config: Config, now: Instant) -> Result<Self, InvalidConfig> {
        Ok(Self {
            trials: Trials::new(&config.half_open)?,
            config,
            trial: None,
            opened: 0,
            last_wait: Duration::ZERO,
            closed_at: now,
        })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Trials that are under way stay under the rules they began with. Returns what was before.
    pub(super) fn set_config(&mut self, config: Config, trials: Trials) -> Config {
        self.trials = trials;
        std::mem::replace(&mut self.config, config)
    }

    /// Forgets what has led here.
    pub(super) fn start_anew(&mut self, now: Instant) {
        self.trial = None;
        self.opened = 0;
        self.closed_at = now;
    }

    /// Opens the breaker. `asked` is what a function says for how long, and `pushed` how long the
    /// other side does not want to be called.
    pub(super) fn open(
        &mut self,
        from: View,
        cause: Cause,
        now: Instant,
        asked: Option<Duration>,
        pushed: Duration,
        random: &dyn RandomSource,
    ) -> Change {
        let opened = self.steps(from.state(), now);
        let open_for = &self.config.open_for;
        let own = asked.map(|it| open_for.cut(it));
        let own = own.unwrap_or_else(|| open_for.delay(opened, random));
        self.opened = opened.saturating_add(1);
        self.last_wait = own.max(Self::spread(pushed, random));
        self.trial = None;
        let to = from.moved_to(from.mode(), State::Open);
        Change { from, to, cause, wait: Some(self.last_wait) }
    }

    /// Opens it because somebody says so. That is no step of the backoff.
    pub(super) fn open_for(&mut self, from: View, now: Instant, wait: Duration) -> Change {
        self.opened = self.steps(from.state(), now);
        self.trial = None;
        let to = from.moved_to(from.mode(), State::Open);
        Change { from, to, cause: Cause::Asked, wait: Some(wait) }
    }

    /// Lets the first probes through.
    pub(super) fn try_out(&mut self, from: View) -> Change {
        self.trial = Some(Trial::new(self.trials.clone()));
        let to = from.moved_to(from.mode(), State::HalfOpen);
        Change { from, to, cause: Cause::Waited, wait: None }
    }

    pub(super) fn close(&mut self, from: View, now: Instant) -> Change {
        self.trial = None;
        self.closed_at = now;
        let to = from.moved_to(from.mode(), State::Closed);
        Change { from, to, cause: Cause::Recovered, wait: None }
    }

    /// See [`Trial::admit`].
    pub(super) fn admit(&mut self, now: Instant) -> (Answer, usize) {
        self.trial.as_mut().map_or((Answer::Full, 0), |trial| trial.admit(now))
    }

    pub(super) fn probation(&self) -> Option<Probation> {
        self.trial.as_ref().map(Trial::probation)
    }

    /// How the probes went so far.
    pub(super) fn probes(&self) -> Tally {
        let counts = self.trial.as_ref().map(Trial::counts).unwrap_or_default();
        Tally { counts, ..Tally::default() }
    }

    /// A probe has ended; without a sample it tells nothing.
    pub(super) fn settle(&mut self, place: u64, sample: Option<Sample>) -> Judgement {
        let Some(trial) = &mut self.trial else {
            return Judgement::Undecided;
        };
        if let Some(sample) = sample {
            // What is slow enough to open for is too slow to close for.
            trial.settle(place, sample.failed || sample.slow)
        } else {
            trial.give_back(place);
            Judgement::Undecided
        }
    }

    /// How often it has opened lately, less the steps back for the time it was closed.
    pub(super) fn steps(&self, from: State, now: Instant) -> u32 {
        if from != State::Closed {
            return self.opened;
        }
        let closed_for = now.saturating_duration_since(self.closed_at).as_nanos();
        let steps = closed_for.checked_div(self.last_wait.as_nanos()).unwrap_or(u128::MAX);
        self.opened.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX))
    }

    /// Up to a tenth more, as everybody was told the same.
    fn spread(pushed: Duration, random: &dyn RandomSource) -> Duration {
        let tenth = Backoff::constant(pushed / 10).jitter(Jitter::Full);
        pushed.saturating_add(tenth.delay(0, random))
    }
}

impl Change {
    pub(super) fn mode(from: View, to: View) -> Self {
        Self { from, to, cause: Cause::Mode, wait: None }
    }

    pub(super) fn into_event(self, name: Name) -> Event {
        let Self { from, to, cause, wait } = self;
        Event::Changed { name, from: from.status(), to: to.status(), cause, wait }
    }
}

/// A mode that decides keeps what led to its state; the others have none.
pub(super) fn decides(mode: Mode) -> bool {
    matches!(mode, Mode::Auto | Mode::Shadow)
}
