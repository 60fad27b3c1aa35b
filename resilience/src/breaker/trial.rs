use std::time::Instant;

use super::Probation;
use super::half_open::{CheckedJudge, Trials};
use crate::window::Counts;

/// The time of a breaker half-open: who has a place, and how it goes so far.
///
/// It knows neither clock nor lock, and is asked under the breaker's.
#[derive(Debug)]
pub(super) struct Trial {
    config: Trials,
    places: Vec<Place>,
    next_id: u64,
    in_flight: u32,
    /// Zero for the probes, then the steps of the ramp.
    stage: usize,
    /// How much of a call a ramp has saved up, in millionths.
    saved: u32,
    succeeded: u32,
    failed: u32,
}

/// A call, as a ramp saves up for it.
const ONE: u32 = 1_000_000;

#[derive(Debug)]
struct Place {
    id: u64,
    /// `None` where no clock reaches so far.
    until: Option<Instant>,
}

/// What a call is told that asks to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// As a probe, with the number of its place.
    Admitted(u64),
    /// Nobody knows when a place will be free.
    Full,
}

/// What is known of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Undecided,
    Recovered,
    NotRecovered,
}

impl Trial {
    pub(super) fn new(config: Trials) -> Self {
        let places = Vec::with_capacity(config.at_once);
        let (in_flight, stage, saved, succeeded, failed) = (0, 0, 0, 0, 0);
        Self { config, places, next_id: 0, in_flight, stage, saved, succeeded, failed }
    }

    /// Asks for a place. Says as well how many have lost theirs, as their lease has ended.
    pub(super) fn admit(&mut self, now: Instant) -> (Answer, usize) {
        // It is about to open: a function is just asked for how long.
        if self.judge() == Judgement::NotRecovered {
            return (Answer::Full, 0);
        }
        if let Some(share) = self.share() {
            return (self.admit_share(share), 0);
        }
        let before = self.places.len();
        self.places.retain(|place| place.until.is_none_or(|until| until > now));
        let lost = before - self.places.len();
        if self.places.len() >= self.config.at_once {
            return (Answer::Full, lost);
        }
        let id = self.take_id();
        self.places.push(Place { id, until: now.checked_add(self.config.lease) });
        (Answer::Admitted(id), lost)
    }

    /// A probe has ended and is judged.
    pub(super) fn settle(&mut self, id: u64, failed: bool) -> Judgement {
        self.leave(id);
        if failed {
            self.failed += 1;
        } else {
            self.succeeded += 1;
        }
        match self.judge() {
            Judgement::Recovered if self.stage < self.config.ramp.len() => {
                self.stage += 1;
                (self.succeeded, self.failed, self.saved) = (0, 0, 0);
                Judgement::Undecided
            }
            judgement => judgement,
        }
    }

    /// A probe has ended and tells nothing: another may go in its stead.
    pub(super) fn give_back(&mut self, id: u64) {
        if !self.leave(id) && self.stage > 0 {
            self.saved = (self.saved + ONE).min(2 * ONE - 1);
        }
    }

    /// How those of this step went. A slow one has failed.
    pub(super) fn counts(&self) -> Counts {
        let calls = self.succeeded.saturating_add(self.failed);
        Counts { calls, failed: self.failed, slow: 0 }
    }

    /// How it goes.
    pub(super) fn probation(&self) -> Probation {
        Probation {
            in_flight: self.in_flight,
            admitted: self.next_id,
            succeeded: self.succeeded,
            failed: self.failed,
            step: self.stage,
            share: self.share(),
        }
    }

    fn leave(&mut self, id: u64) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        let before = self.places.len();
        self.places.retain(|place| place.id != id);
        self.places.len() < before
    }

    fn judge(&self) -> Judgement {
        match self.config.judge {
            CheckedJudge::Consecutive(_) if self.failed > 0 => Judgement::NotRecovered,
            CheckedJudge::Rate { failures, .. } if self.failed >= failures => {
                Judgement::NotRecovered
            }
            CheckedJudge::Consecutive(needed) if self.succeeded >= needed => Judgement::Recovered,
            CheckedJudge::Rate { calls, .. } if self.succeeded + self.failed >= calls => {
                Judgement::Recovered
            }
            _ => Judgement::Undecided,
        }
    }

    fn share(&self) -> Option<u32> {
        self.config.ramp.get(self.stage.checked_sub(1)?).copied()
    }

    /// Every so many-th call, so that it is exactly that share.
    fn admit_share(&mut self, share: u32) -> Answer {
        self.saved += share;
        if self.saved < ONE {
            return Answer::Full;
        }
        self.saved -= ONE;
        Answer::Admitted(self.take_id())
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.in_flight = self.in_flight.saturating_add(1);
        self.next_id
    }
}
