use std::time::{Duration, Instant};

use mainstay_core::{Outcome, Pushback};

use super::cold::decides;
use super::core::Core;
use super::ticket::{Role, Ticket};
use super::trial::Judgement;
use super::{Cause, Event, State, Tally};
use crate::backoff::nanos;
use crate::permit::Ending;
use crate::sync::{Ordering::Relaxed, lock};
use crate::window::{Counts, Sample};

/// What becomes of the results of calls.
impl Core {
    /// The call has ended.
    #[inline]
    pub(super) fn settle(&self, ticket: Ticket, ending: Ending) {
        match ending {
            Ending::Finished(verdict)
                if verdict.outcome() == Outcome::Success && ticket.only_counts() =>
            {
                self.count(ticket.epoch(), Sample::default(), None);
            }
            _ => self.settle_otherwise(ticket, ending),
        }
    }

    /// All but what most calls come to, and apart from it to keep that short.
    #[inline(never)]
    fn settle_otherwise(&self, ticket: Ticket, ending: Ending) {
        match ticket.role() {
            Role::Pass => {}
            Role::Counted => {
                if let Some(sample) = self.sample(&ticket, ending) {
                    self.count(ticket.epoch(), sample, pushback(ending));
                }
            }
            Role::Probe(place) => {
                let sample = self.sample(&ticket, ending);
                self.settle_probe(&ticket, place, sample, pushback(ending));
            }
        }
    }

    /// From the head of a response on nothing is slow that was not slow so far.
    pub(super) fn stop_timing(&self, ticket: &mut Ticket) {
        if !self.is_slow(ticket) {
            ticket.stop();
        }
    }

    #[inline(never)]
    fn count(&self, epoch: u32, sample: Sample, pushed: Option<Duration>) {
        let view = self.hot.word.load();
        if view.state() != State::Closed || !view.includes(epoch) {
            return self.tell_late(epoch, sample);
        }
        if let Some(wait) = pushed {
            self.note_pushback(wait, self.now());
        }
        // Late: either that state is over, or the window is just being made anew. Then a part of
        // it may be there already, and what is recorded again would count twice.
        let Ok(counts) = self.ring.0.record(view.epoch(), || self.now(), sample) else {
            return self.tell_late(epoch, sample);
        };
        let consecutive = self.in_a_row(view.epoch(), sample);
        let is_well = counts.failed == 0 && counts.slow == 0;
        if !is_well
            && decides(view.mode())
            && let Some((cause, seen)) = self.judge(counts, consecutive)
        {
            self.open_from(view, cause, seen, self.now(), self.chance());
        }
    }

    /// Why it should open, if it should.
    fn judge(&self, counts: Counts, consecutive_failures: u32) -> Option<(Cause, Tally)> {
        let seen = Tally { counts, consecutive_failures };
        let rules = self.hot.rules.judge(counts, consecutive_failures);
        rules.or_else(|| self.own_rule.judge(seen)).map(|cause| (cause, seen))
    }

    fn settle_probe(
        &self,
        ticket: &Ticket,
        place: u64,
        sample: Option<Sample>,
        pushed: Option<Duration>,
    ) {
        let (now, chance) = (self.now(), self.chance());
        let mut cold = lock(&self.cold);
        let view = self.hot.word.load();
        if view.state() != State::HalfOpen || !view.includes(ticket.epoch()) {
            drop(cold);
            if let Some(sample) = sample {
                self.tell_late(ticket.epoch(), sample);
            }
            return;
        }
        if let Some(wait) = pushed {
            self.note_pushback(wait, now);
        }
        let change = match cold.settle(place, sample) {
            Judgement::Undecided => return,
            Judgement::Recovered => cold.close(view, now),
            Judgement::NotRecovered => {
                let seen = cold.probes();
                return self.open_under(cold, view, Cause::NotRecovered, seen, now, chance);
            }
        };
        self.make(now, &change);
        drop(cold);
        self.tell(change);
    }

    #[cold]
    fn tell_late(&self, epoch: u32, sample: Sample) {
        self.audience.tell(|| {
            let (name, status) = (self.name.clone(), self.status());
            Event::Late { name, status, epoch, failed: sample.failed }
        });
    }

    #[inline]
    fn in_a_row(&self, epoch: u32, sample: Sample) -> u32 {
        let consecutive = &self.hot.consecutive;
        if sample.failed {
            consecutive
                .update(epoch, |row| row.saturating_add(1))
                .map_or(0, |row| row.saturating_add(1))
        } else {
            let _ = consecutive.update(epoch, |_| 0);
            0
        }
    }

    /// What a call counts as, if it counts.
    fn sample(&self, ticket: &Ticket, ending: Ending) -> Option<Sample> {
        let failed = match ending {
            Ending::Unused => return None,
            Ending::Dropped(cause) => {
                if !self.hot.weights.counts(cause) {
                    return None;
                }
                true
            }
            Ending::Finished(verdict) => match verdict.outcome() {
                Outcome::Ignored => return None,
                outcome => outcome.is_failure(),
            },
        };
        Some(Sample { failed, slow: self.is_slow(ticket) })
    }

    fn is_slow(&self, ticket: &Ticket) -> bool {
        let took = |started| self.nanos_at(self.now()).saturating_sub(started);
        ticket.started().is_some_and(|started| self.hot.rules.is_slow(took(started)))
    }

    /// The other side does not want to be called for so long.
    fn note_pushback(&self, wait: Duration, now: Instant) {
        let wait = nanos(wait).min(self.hot.max_pushback.load(Relaxed));
        let until = self.nanos_at(now).saturating_add(wait);
        self.hot.pushed_until.fetch_max(until, Relaxed);
    }
}

/// Only a failure says when to come back.
fn pushback(ending: Ending) -> Option<Duration> {
    match ending {
        Ending::Finished(verdict) if verdict.outcome().is_failure() => {
            verdict.pushback().and_then(Pushback::wait)
        }
        _ => None,
    }
}
