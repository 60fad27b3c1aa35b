/// What becomes of requests while the store does not answer or is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOutage {
    /// They are refused. So is one whose answer could not be stored after it had run: that may be
    /// asked for again, and what is told then is what is true for all. While the lease lasts the
    /// store is asked further to keep it.
    Refuse,
    /// They run without protection. What the store has and cannot be read is refused all the same.
    Run,
}
