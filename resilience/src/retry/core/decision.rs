//! Whether there is another attempt, and when.

use std::time::Duration;

use mainstay_core::Pushback;

use super::{Core, Retries, cause};
use crate::budget::Cause;
use crate::classify::Verdict;
use crate::retry::GaveUp;
use crate::retry::rules::Rules;
use crate::retry::ticket::Ticket;

/// How long something may take, and why it is given up then.
#[derive(Clone, Copy, Debug)]
pub(in crate::retry) struct Left {
    pub(in crate::retry) time: Duration,
    pub(in crate::retry) then: GaveUp,
}

impl Core {
    /// The budget is asked last, so that nothing is taken out of it for nothing.
    pub(super) fn next(&mut self, rules: &Rules, verdict: &Verdict) -> Result<Duration, GaveUp> {
        if verdict.pushback() == Some(Pushback::Stop) {
            return Err(GaveUp::Stopped);
        }
        if !verdict.is_transient() {
            return Err(GaveUp::NotTransient);
        }
        if let Some(reason) = self.refused {
            return Err(reason);
        }
        let delay = self.delay(rules, verdict.pushback())?;
        self.before_deadline(rules, delay)?;
        self.withdraw(rules, cause(verdict))?;
        Ok(delay)
    }

    fn delay(&mut self, rules: &Rules, pushback: Option<Pushback>) -> Result<Duration, GaveUp> {
        let begin = || Box::new(Retries { schedule: rules.schedule(), ticket: Ticket::default() });
        let elapsed = self.times.map(|it| rules.now().saturating_duration_since(it.call));
        let elapsed = elapsed.unwrap_or_default();
        let schedule = &mut self.retries.get_or_insert_with(begin).schedule;
        if schedule.is_over() {
            return Err(GaveUp::Attempts);
        }
        let delay = match pushback.and_then(Pushback::wait) {
            Some(wait) if wait > rules.max_pushback => return Err(GaveUp::PushbackTooLong),
            Some(wait) => schedule.told_after(elapsed, wait),
            None => schedule.next_after(elapsed),
        };
        delay.ok_or(GaveUp::MaxElapsed)
    }

    /// For how long from now the attempt that was announced may still begin, and what it is too
    /// late for then: nothing, if the time is not limited.
    pub(in crate::retry) fn left_to_begin(&self, rules: &Rules) -> Result<Option<Left>, GaveUp> {
        let deadline = self.before_deadline(rules, Duration::ZERO)?;
        let deadline = deadline.map(|time| Left { time, then: GaveUp::Deadline });
        let elapsed = self.before_max_elapsed(rules)?;
        let elapsed = elapsed.map(|time| Left { time, then: GaveUp::MaxElapsed });
        Ok(deadline.into_iter().chain(elapsed).min_by_key(|left| left.time))
    }

    /// An attempt that the deadline cuts off costs the other side as much as one that does not.
    fn before_deadline(&self, rules: &Rules, delay: Duration) -> Result<Option<Duration>, GaveUp> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        let left = deadline.remaining(rules.now()).saturating_sub(delay);
        let needed = rules.durations.median().unwrap_or_default();
        let spare = left.checked_sub(needed).filter(|_| !left.is_zero());
        spare.map(Some).ok_or(GaveUp::Deadline)
    }

    fn before_max_elapsed(&self, rules: &Rules) -> Result<Option<Duration>, GaveUp> {
        let (Some(times), Some(retries)) = (self.times, &self.retries) else { return Ok(None) };
        if !rules.backoff.is_timed() {
            return Ok(None);
        }
        let elapsed = rules.now().saturating_duration_since(times.call);
        retries.schedule.left_after(elapsed).map(Some).ok_or(GaveUp::MaxElapsed)
    }

    fn withdraw(&mut self, rules: &Rules, cause: Cause) -> Result<(), GaveUp> {
        let (Some(budget), Some(retries)) = (&rules.budget, &mut self.retries) else {
            return Ok(());
        };
        let permit = budget.try_withdraw(rules.now(), cause).map_err(|_| GaveUp::Budget)?;
        retries.ticket = Ticket::new(Some(permit));
        Ok(())
    }
}
