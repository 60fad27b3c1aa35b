use mainstay_core::{Outcome, Pushback};

/// What a result says about the other side: how it counts, whether another attempt may go better,
/// and when the other side wants to see one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    outcome: Outcome,
    transient: bool,
    timed_out: bool,
    pushback: Option<Pushback>,
}

impl Verdict {
    /// The other side did what it should.
    pub const fn success() -> Self {
        Self::new(Outcome::Success, false)
    }

    /// The other side did not, and another attempt is not expected to go better.
    pub const fn failure() -> Self {
        Self::new(Outcome::Failure, false)
    }

    /// The other side did not, and another attempt may go better.
    pub const fn transient() -> Self {
        Self::new(Outcome::Failure, true)
    }

    /// The other side did not answer in time, and may be at work still. Another attempt may go
    /// better, and costs more than others where a [budget](crate::budget::Tokens::timeout_cost)
    /// says so.
    pub const fn timed_out() -> Self {
        let mut verdict = Self::transient();
        verdict.timed_out = true;
        verdict
    }

    /// The result says nothing about the other side.
    pub const fn ignored() -> Self {
        Self::new(Outcome::Ignored, false)
    }

    const fn new(outcome: Outcome, transient: bool) -> Self {
        Self { outcome, transient, timed_out: false, pushback: None }
    }

    /// The same, with what the other side said about coming back.
    pub const fn with_pushback(mut self, pushback: Option<Pushback>) -> Self {
        self.pushback = pushback;
        self
    }

    /// How the call counts.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether another attempt may go better. The other side can forbid it all the same.
    pub const fn is_transient(&self) -> bool {
        self.transient && !matches!(self.pushback, Some(Pushback::Stop))
    }

    /// Whether there was no answer in time.
    pub const fn is_timeout(&self) -> bool {
        self.timed_out
    }

    /// What the other side said about coming back.
    pub const fn pushback(&self) -> Option<Pushback> {
        self.pushback
    }
}

/// A failure without more is not transient: only who knows the error can say that.
impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self::new(outcome, false)
    }
}
