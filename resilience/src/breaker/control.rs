use std::time::Duration;

use super::cold::{Change, decides};
use super::core::Core;
use super::error::Refusal;
use super::half_open::Trials;
use super::rules::Limits;
use super::window::Resize;
use super::{Config, InvalidConfig, Mode, Snapshot, State};
use crate::backoff::nanos;
use crate::sync::{Ordering::Relaxed, lock};

/// Whom a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// This one.
    One,
    /// All of a [`CircuitBreakers`](super::CircuitBreakers).
    All,
}

/// What an operator asks and does.
impl Core {
    pub(super) fn snapshot(&self) -> Snapshot {
        let now = self.now();
        let mut view = self.hot.word.load();
        let mut probation = None;
        if view.state() == State::HalfOpen {
            let cold = lock(&self.cold);
            view = self.hot.word.load();
            probation = cold.probation();
        }
        let refusal = match view.state() {
            State::Open => Refusal::new(State::Open, self.wait(now)),
            state => Refusal::new(state, 0),
        };
        Snapshot {
            status: view.status(),
            counts: self.ring.0.counts(view.epoch(), now),
            consecutive_failures: self.hot.consecutive.load(view.epoch()),
            wait: refusal.wait(),
            probation,
        }
    }

    pub(super) fn config(&self) -> Config {
        lock(&self.cold).config().clone()
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        let now = self.now();
        let mut cold = lock(&self.cold);
        let view = self.hot.word.load();
        if view.mode() == mode {
            return;
        }
        let next = if decides(view.mode()) && decides(mode) {
            view.with_mode(mode)
        } else {
            cold.start_anew(now);
            self.hot.pushed_until.store(0, Relaxed);
            view.moved_to(mode, State::Closed)
        };
        self.hot.word.store(next);
        drop(cold);
        self.tell(Change::mode(view, next));
    }

    pub(super) fn open_for(&self, wait: Duration) -> bool {
        if wait.is_zero() {
            return false;
        }
        let now = self.now();
        let until = self.nanos_at(now).saturating_add(nanos(wait));
        let mut cold = lock(&self.cold);
        let view = self.hot.word.load();
        // The ends are compared: of two that are beyond all times none is later.
        let is_open_as_long = view.state() == State::Open && self.retry_at() >= until;
        if is_open_as_long || !decides(view.mode()) {
            return false;
        }
        let change = cold.open_for(view, now, wait);
        self.make(now, &change);
        drop(cold);
        self.tell(change);
        true
    }

    /// Whether somebody has given it a configuration of its own.
    pub(super) fn is_set_by_itself(&self) -> bool {
        self.set_by_itself.load(Relaxed) != 0
    }

    pub(super) fn reconfigure(&self, config: Config, whom: For) -> Result<(), InvalidConfig> {
        let config = config.in_use();
        let limits = Limits::new(&config)?;
        let trials = Trials::new(&config.half_open)?;
        let resize = self.ring.0.can_become(config.window)?;
        let mut cold = lock(&self.cold);
        if config.window != cold.config().window {
            self.resize(resize);
        }
        self.hot.rules.set(&limits);
        self.hot.weights.set(&config.weights);
        self.hot.max_pushback.store(nanos(config.max_pushback), Relaxed);
        let own_rule = self.own_rule.set(config.trip_when.clone());
        let config = cold.set_config(config, trials);
        self.set_by_itself.store(u64::from(whom == For::One), Relaxed);
        drop(cold);
        // They may have a user's code in them.
        drop((own_rule, config));
        // The epoch may be another.
        self.audience.show(|| self.status());
        Ok(())
    }

    /// To be called under the lock.
    fn resize(&self, resize: Resize) {
        let view = self.hot.word.load();
        let renewed = view.renewed();
        if self.ring.0.resize(view.epoch(), renewed.epoch(), resize) {
            let row = self.hot.consecutive.load(view.epoch());
            let _ = self.hot.consecutive.update(renewed.epoch(), |_| row);
            self.hot.word.store(renewed);
        }
    }
}
