//! One call as a state machine.

mod decision;

use std::time::{Duration, Instant};

use mainstay_core::{Deadline, Outcome};

use super::rules::{Chance, Rules};
use super::ticket::{Refund, Ticket};
use super::{Attempt, Event, GaveUp, nested};
use crate::backoff::Schedule;
use crate::budget::Cause;
use crate::classify::Verdict;

/// One call: which attempt it is at, and whether there is another. It does no I/O and never waits.
#[derive(Debug)]
pub(super) struct Core {
    attempt: Attempt,
    /// Why there is no retry, whatever happens.
    refused: Option<GaveUp>,
    deadline: Option<Deadline>,
    times: Option<Times>,
    /// In a box, as most calls never come to it and are to stay small.
    retries: Option<Box<Retries>>,
}

/// When things began, if that matters to anything.
#[derive(Clone, Copy, Debug)]
struct Times {
    call: Instant,
    attempt: Instant,
}

#[derive(Debug)]
struct Retries {
    schedule: Schedule<Chance>,
    ticket: Ticket,
}

impl Core {
    pub(super) fn new(deadline: Option<Deadline>) -> Self {
        Self { attempt: Attempt::FIRST, refused: None, deadline, times: None, retries: None }
    }

    /// The call has to be over so long from now, if not earlier.
    pub(super) fn limit(&mut self, within: Duration, rules: &Rules) {
        self.look_at_the_time(rules);
        if let Some(times) = self.times {
            let limit = Deadline::after(times.call, within);
            self.deadline = Some(self.deadline.map_or(limit, |deadline| deadline.earlier(limit)));
        }
    }

    /// The first attempt is made.
    #[inline]
    pub(super) fn begin(&mut self, rules: &Rules) {
        if rules.backoff.is_single() {
            self.refuse(GaveUp::Attempts);
        }
        if !rules.even_when_nested && nested::is_nested() {
            self.refuse(GaveUp::Nested);
        }
        if let Some(budget) = &rules.budget {
            budget.call_started(|| rules.now());
        }
        if self.times.is_none() && (self.deadline.is_some() || rules.backoff.is_timed()) {
            self.look_at_the_time(rules);
        }
    }

    /// There is no retry, for this reason.
    pub(super) fn refuse(&mut self, reason: GaveUp) {
        self.refused.get_or_insert(reason);
    }

    /// Whether there may be another attempt if this one fails.
    pub(super) fn may_retry(&self) -> bool {
        self.refused.is_none()
    }

    /// Whether this attempt is the last one, however it ends.
    pub(super) fn is_last(&self) -> bool {
        let over = self.retries.as_ref().is_some_and(|it| it.schedule.is_over());
        over || !self.may_retry()
    }

    /// An attempt has ended: after how long there is another, if there is.
    #[inline]
    pub(super) fn ended(&mut self, rules: &Rules, verdict: &Verdict) -> Option<Duration> {
        let at_once = self.retries.is_none() && self.times.is_none();
        if at_once && verdict.outcome() == Outcome::Success {
            self.succeeded(rules);
            return None;
        }
        self.ended_otherwise(rules, verdict)
    }

    /// All but what most calls come to, and apart from it to keep that short.
    #[inline(never)]
    fn ended_otherwise(&mut self, rules: &Rules, verdict: &Verdict) -> Option<Duration> {
        self.record(rules);
        match verdict.outcome() {
            Outcome::Failure => self.failed(rules, verdict),
            Outcome::Success => {
                self.succeeded(rules);
                None
            }
            Outcome::Ignored => None,
        }
    }

    /// The call is over, and whether it went well will be known later.
    pub(super) fn ended_openly(&mut self, rules: &Rules) -> Option<Refund> {
        match &mut self.retries {
            Some(retries) => retries.ticket.later(),
            None => Refund::of_call(rules),
        }
    }

    /// The retry that was announced is made.
    pub(super) fn retry(&mut self, rules: &Rules) -> Attempt {
        self.attempt = self.attempt.next();
        if let Some(times) = &mut self.times {
            times.attempt = rules.now();
        }
        if let Some(retries) = &mut self.retries {
            retries.ticket.spend();
        }
        self.attempt
    }

    /// The retry that was announced cannot be made.
    pub(super) fn abandon(&mut self, rules: &Rules, reason: GaveUp) {
        if let Some(retries) = &mut self.retries {
            retries.ticket = Ticket::default();
        }
        self.tell_gave_up(rules, reason);
    }

    #[inline(never)]
    fn look_at_the_time(&mut self, rules: &Rules) {
        let now = rules.now();
        self.times = Some(Times { call: now, attempt: now });
    }

    fn record(&self, rules: &Rules) {
        if let (Some(times), Some(_)) = (self.times, self.deadline) {
            rules.durations.record(rules.now().saturating_duration_since(times.attempt));
        }
    }

    fn succeeded(&mut self, rules: &Rules) {
        match (&mut self.retries, &rules.budget) {
            (Some(retries), _) => retries.ticket.succeeded(),
            (None, Some(budget)) => budget.call_succeeded(),
            (None, None) => {}
        }
    }

    fn failed(&mut self, rules: &Rules, verdict: &Verdict) -> Option<Duration> {
        match self.next(rules, verdict) {
            Ok(delay) => {
                let attempt = self.attempt.next();
                rules.tell(|| Event::Retrying {
                    attempt,
                    delay,
                    cause: cause(verdict),
                    pushed_back: verdict.pushback().is_some(),
                });
                Some(delay)
            }
            Err(reason) => {
                self.tell_gave_up(rules, reason);
                None
            }
        }
    }

    fn tell_gave_up(&self, rules: &Rules, reason: GaveUp) {
        rules.tell(|| Event::GaveUp { attempt: self.attempt, reason });
    }
}

fn cause(verdict: &Verdict) -> Cause {
    if verdict.is_timeout() { Cause::Timeout } else { Cause::Failure }
}
