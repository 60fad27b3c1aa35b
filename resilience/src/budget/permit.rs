use std::fmt;

use mainstay_core::Outcome;

use super::Budget;
use crate::classify::Verdict;
use crate::permit::{self, Ending, Settle};

/// Why a call is to be tried again. A token bucket has a price for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The other side failed, or said that it is busy.
    Failure,
    /// The other side did not answer in time, and may be at work still.
    Timeout,
}

/// Leave to make one retry.
///
/// Dropped, it is spent. It is told otherwise if the retry [succeeded](Permit::succeeded) or
/// [was not made](Permit::give_back).
#[derive(Debug)]
#[must_use = "a permit that is dropped is spent"]
pub struct Permit(permit::Permit<Budget>);

/// What was taken, and has to be known to put it back.
#[derive(Clone, Copy, Debug)]
pub struct Ticket(Spent);

#[derive(Clone, Copy, Debug)]
pub(super) enum Spent {
    /// A retry in this tick.
    Retry(u64),
    /// So many millionths of a token.
    Tokens(u64),
}

/// There is no retry to be had: the budget is used up. The last error is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Permit {
    pub(super) fn new(budget: Budget, spent: Spent) -> Self {
        Self(permit::Permit::new(budget, Ticket(spent)))
    }

    /// The retry was made and succeeded: a bucket gets its tokens back. To a ratio it is one more
    /// retry all the same.
    pub fn succeeded(self) {
        self.0.finish(Verdict::success());
    }

    /// The retry was not made, because there was no time left for it, say: somebody else may
    /// make one.
    pub fn give_back(self) {
        self.0.give_back();
    }
}

/// A retry that was made is spent, however it ended, but that a bucket rewards a success.
impl Settle for Budget {
    type Ticket = Ticket;

    fn settle(&self, Ticket(spent): Ticket, ending: Ending) {
        match (ending, spent) {
            (Ending::Unused, _) => self.give_back(spent),
            (Ending::Finished(verdict), Spent::Tokens(_))
                if verdict.outcome() == Outcome::Success =>
            {
                self.give_back(spent);
            }
            _ => {}
        }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the retry budget is exhausted")
    }
}

impl std::error::Error for Exhausted {}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use mainstay_core::Clock;

    use super::*;
    use crate::budget::Tokens;

    #[test]
    fn only_a_success_is_rewarded() {
        let budget = Budget::new(Tokens::DEFAULT);
        let now = crate::TokioClock.now();
        let full = budget.remaining(now);
        for (verdict, left) in [(Verdict::failure(), full - 1), (Verdict::success(), full - 1)] {
            let permit = budget.try_withdraw(now, Cause::Failure).expect("it is full");
            permit.0.finish(verdict);
            assert_eq!(budget.remaining(now), left);
        }
    }

    #[test]
    fn who_finds_none_left_says_so() {
        assert_eq!(Exhausted.to_string(), "the retry budget is exhausted");
    }
}
