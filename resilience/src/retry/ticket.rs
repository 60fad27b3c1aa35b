use super::rules::Rules;
use crate::budget::{Budget, Permit};

/// Leave for one retry. Dropped before the retry is made, it goes back to the budget.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    /// Without one there is no budget, or no retry.
    permit: Option<Permit>,
    used: bool,
}

impl Ticket {
    pub(super) fn new(permit: Option<Permit>) -> Self {
        Self { permit, used: false }
    }

    /// The retry is made: from now on the permit is spent.
    pub(super) fn spend(&mut self) {
        self.used = true;
    }

    /// The retry was made and went well.
    pub(super) fn succeeded(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.succeeded();
        }
    }

    /// Whether the retry went well will be known later: what is then to be told.
    pub(super) fn later(&mut self) -> Option<Refund> {
        self.permit.take().map(Refund::Retry)
    }
}

/// What the budget is owed if a call turns out to have gone well. Dropped, it has not.
#[derive(Debug)]
pub(super) enum Refund {
    /// At its first attempt.
    Call(Budget),
    Retry(Permit),
}

impl Refund {
    pub(super) fn of_call(rules: &Rules) -> Option<Self> {
        rules.budget.clone().map(Self::Call)
    }

    pub(super) fn succeeded(self) {
        match self {
            Self::Call(budget) => budget.call_succeeded(),
            Self::Retry(permit) => permit.succeeded(),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.used {
            return;
        }
        if let Some(permit) = self.permit.take() {
            permit.give_back();
        }
    }
}
