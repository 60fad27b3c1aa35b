//! Whether there is another attempt, and when.

use std::time::Duration;

use mainstay_core::Pushback;

use super::{Core, Retries, cause};
use crate::budget::Cause;
use crate::classify::Verdict;
use crate::retry::GaveUp;
use crate::retry::rules::Rules;
use crate::retry::ticket::Ticket;

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
        self.check_deadline(rules, delay)?;
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

    /// An attempt that the deadline cuts off costs the other side as much as one that does not.
    fn check_deadline(&self, rules: &Rules, delay: Duration) -> Result<(), GaveUp> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        let left = deadline.remaining(rules.now()).saturating_sub(delay);
        let needed = rules.durations.median().unwrap_or_default();
        if left.is_zero() || left < needed { Err(GaveUp::Deadline) } else { Ok(()) }
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
