use crate::budget::Permit;

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
