//! What all layers of seatbelt start from.

use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;

use super::{Fault, enter};

pub(crate) type Output = Result<u64, Fault>;

/// With the clock that its documentation has for tokio. Nobody drives the clock's timers here,
/// and none strikes.
pub(crate) fn context() -> ResilienceContext<u64, Output> {
    let _entered = enter();
    ResilienceContext::new(Clock::new_tokio())
}

/// Every error is worth another attempt, and counts as a failure.
pub(crate) fn recovery(output: &Output) -> RecoveryInfo {
    match output {
        Ok(_) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}
