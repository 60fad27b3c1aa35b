/// How a finished call counts, for whoever keeps count.
///
/// Breakers, retry budgets and metrics agree on failure only if they are told by the same word.
/// The third value is what tells a caller who hung up from a dependency that is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The other side did what it should, which a "not found" may well be.
    Success,
    /// The other side did not.
    Failure,
    /// Says nothing about the other side, such as a cancelled call; it counts nowhere.
    Ignored,
}

impl Outcome {
    /// Whether this is [`Outcome::Failure`].
    pub const fn is_failure(self) -> bool {
        matches!(self, Outcome::Failure)
    }
}
