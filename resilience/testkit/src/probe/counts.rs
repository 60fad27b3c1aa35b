/// What a probe and its clones have seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Probe values that exist now.
    pub values: usize,
    /// Values that are ready now and have not been called since.
    pub reserved: usize,
    /// Values that were dropped while ready.
    pub released: usize,
    /// Calls ever begun.
    pub calls: usize,
    /// Calls that run now.
    pub running: usize,
    /// The most that ever ran at once.
    pub peak: usize,
    /// Calls that were answered, failed or panicked.
    pub finished: usize,
    /// Calls whose future was dropped before that.
    pub dropped: usize,
    /// Bodies of responses that exist now.
    pub bodies: usize,
}
