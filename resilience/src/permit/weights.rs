use super::DropCause;
use crate::sync::{AtomicU64, Ordering};

/// A weight of one, as it is counted in.
const ONE: u64 = 1 << 16;

/// How much a dropped call weighs, by the reason it was dropped for: which share of them counts
/// as failed. The others are ignored.
///
/// With a weight of 0.25 every fourth one counts.
///
/// ```
/// use mainstay_resilience::permit::{DropCause, DropWeights};
///
/// const WEIGHTS: DropWeights = DropWeights::DEFAULT.with(DropCause::CallerGone, 0.25);
/// assert_eq!(WEIGHTS.weight(DropCause::CallerGone), 0.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct DropWeights {
    panicked: f64,
    timed_out: f64,
    deadline: f64,
    caller_gone: f64,
    superseded: f64,
    unread: f64,
    unknown: f64,
}

impl DropWeights {
    /// What panicked or timed out counts as failed, and what was dropped without a reason as well:
    /// most often that is a timeout of somebody else. Where the caller's deadline came every second
    /// call counts, as either side may have been at fault. Callers that are gone, attempts that were
    /// superseded, and bodies that nobody read are ignored.
    pub const DEFAULT: Self = Self {
        panicked: 1.0,
        timed_out: 1.0,
        deadline: 0.5,
        caller_gone: 0.0,
        superseded: 0.0,
        unread: 0.0,
        unknown: 1.0,
    };

    /// The same with another weight for this cause, from 0 to 1. What is less or no number is
    /// taken for 0, and what is more for 1.
    pub const fn with(mut self, cause: DropCause, weight: f64) -> Self {
        // The order of the arguments matters: what is no number becomes 0.
        let weight = weight.max(0.0).min(1.0);
        match cause {
            DropCause::Panicked => self.panicked = weight,
            DropCause::TimedOut => self.timed_out = weight,
            DropCause::Deadline => self.deadline = weight,
            DropCause::CallerGone => self.caller_gone = weight,
            DropCause::Superseded => self.superseded = weight,
            DropCause::Unread => self.unread = weight,
            DropCause::Unknown => self.unknown = weight,
        }
        self
    }

    /// The weight of this cause.
    pub const fn weight(&self, cause: DropCause) -> f64 {
        match cause {
            DropCause::Panicked => self.panicked,
            DropCause::TimedOut => self.timed_out,
            DropCause::Deadline => self.deadline,
            DropCause::CallerGone => self.caller_gone,
            DropCause::Superseded => self.superseded,
            DropCause::Unread => self.unread,
            DropCause::Unknown => self.unknown,
        }
    }
}

/// [`DropWeights::DEFAULT`].
impl Default for DropWeights {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Says of each dropped call whether it counts, so that exactly its share does.
#[derive(Debug)]
pub(crate) struct WeighedDrops {
    causes: [Weighed; DropCause::EACH.len()],
}

/// One cause.
#[derive(Debug, Default)]
struct Weighed {
    weight: AtomicU64,
    /// What was left over, in parts of [`ONE`].
    sum: AtomicU64,
}

impl WeighedDrops {
    pub(crate) fn new(weights: &DropWeights) -> Self {
        let drops = Self { causes: Default::default() };
        drops.set(weights);
        drops
    }

    pub(crate) fn set(&self, weights: &DropWeights) {
        for (cause, weighed) in DropCause::EACH.into_iter().zip(&self.causes) {
            weighed.weight.store(parts(weights.weight(cause)), Ordering::Relaxed);
        }
    }

    /// Whether this one counts as failed.
    pub(crate) fn counts(&self, cause: DropCause) -> bool {
        let causes = DropCause::EACH.into_iter().zip(&self.causes);
        let mut found = causes.filter(|(it, _)| *it == cause);
        found.next().is_some_and(|(_, weighed)| weighed.is_due())
    }
}

impl Weighed {
    fn is_due(&self) -> bool {
        let weight = self.weight.load(Ordering::Relaxed);
        if weight == 0 {
            return false;
        }
        let before = self.sum.fetch_add(weight, Ordering::Relaxed);
        before % ONE + weight >= ONE
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
fn parts(weight: f64) -> u64 {
    (weight * 65_536.0).round() as u64
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weight_is_the_share_that_counts() {
        for (weight, expected) in [(0.0, 0), (0.25, 250), (0.5, 500), (0.9, 900), (1.0, 1000)] {
            for cause in DropCause::EACH {
                let drops = WeighedDrops::new(&DropWeights::DEFAULT.with(cause, weight));
                let counted = (0..1000).filter(|_| drops.counts(cause)).count();
                assert!(counted.abs_diff(expected) <= 1, "{cause:?} {weight}: {counted}");
            }
        }
    }

    #[test]
    fn no_weight_is_out_of_range() {
        for (given, taken) in [(-1.0, 0.0), (f64::NAN, 0.0), (7.0, 1.0), (f64::INFINITY, 1.0)] {
            let weights = DropWeights::DEFAULT.with(DropCause::Unknown, given);
            assert!((weights.weight(DropCause::Unknown) - taken).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn only_failures_of_the_other_side_count_by_default() {
        let counted = |cause| WeighedDrops::new(&DropWeights::DEFAULT).counts(cause);
        let causes: Vec<_> = DropCause::EACH.into_iter().filter(|cause| counted(*cause)).collect();
        assert_eq!(causes, [DropCause::Panicked, DropCause::TimedOut, DropCause::Unknown]);
    }
}
