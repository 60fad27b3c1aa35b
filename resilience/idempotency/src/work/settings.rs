use std::time::Duration;

/// What becomes of the key when the effect has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is given up, and the next try runs at once: the effect has not happened, or can be
    /// repeated. Where this try has [taken over](crate::Grant::taken_over), so has the next.
    Release,
    /// It stays until the lease ends, as if the process had died. Then the effect runs again, or
    /// never, as the [guarantee](crate::Guarantee) says.
    Leave,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lease: Duration,
    pub(super) keep: Duration,
    pub(super) wait: Duration,
    pub(super) store_limit: Duration,
    pub(super) after_error: AfterFailure,
    pub(super) after_panic: AfterFailure,
}

impl Settings {
    pub(super) fn new(takes_over: bool) -> Self {
        let after_error = if takes_over { AfterFailure::Release } else { AfterFailure::Leave };
        Self {
            lease: Duration::from_secs(30),
            keep: Duration::from_secs(24 * 3600),
            wait: Duration::from_secs(5),
            store_limit: Duration::from_secs(5),
            after_error,
            after_panic: AfterFailure::Leave,
        }
    }
}
