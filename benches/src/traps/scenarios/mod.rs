//! The scenarios, a file each.

pub(super) mod blind_to_drops;
pub(super) mod busy_waiting;
pub(super) mod coop_budget;
pub(super) mod events_under_lock;
pub(super) mod ewma;
pub(super) mod fake_window;
pub(super) mod herd;
pub(super) mod hung_probe;
pub(super) mod late_results;
pub(super) mod lost_updates;
pub(super) mod never_decays;
pub(super) mod permit_lifetime;
pub(super) mod readiness_first;
pub(super) mod reserve_leak;
pub(super) mod timer_armed;
pub(super) mod unready_clone;
pub(super) mod wall_clock;
pub(super) mod window_ages_probes;

use super::{Trouble, Verdict};

/// Fails with what was seen, unless it is as it should be.
fn ensure(fine: bool, seen: impl FnOnce() -> String) -> Verdict {
    if fine { Ok(()) } else { Err(Trouble::Fails(seen())) }
}

/// Fails with all that was seen, if anything was.
fn none_of(seen: &[String]) -> Verdict {
    ensure(seen.is_empty(), || seen.join("; "))
}

/// What was seen, where it was not as it should be.
fn failure(verdict: &Verdict) -> Option<String> {
    match verdict {
        Err(Trouble::Fails(seen)) => Some(seen.clone()),
        Ok(()) | Err(Trouble::NotApplicable(_)) => None,
    }
}
