use std::fmt;
use std::sync::Arc;

use super::Cause;
use super::caught::caught;
use crate::sync::{AtomicU64, Mutex, Ordering::Relaxed, lock};
use crate::window::Counts;

/// What a breaker has seen of the other side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// What is in the window or, while half-open, how the probes went. None is slow unless it is
    /// [said](super::Config::slow_after) from when on.
    pub counts: Counts,
    /// How many calls in a row have failed last. Probes are not counted in rows.
    pub consecutive_failures: u32,
}

/// Opens when a function says so, for what the other rules cannot express.
///
/// It is asked after each call that counts, as long as the window holds a failed or a slow one and
/// no other rule has opened the breaker already. To get at it takes a lock for a moment then. No call
/// is slow unless there is a [`SlowCalls`](super::SlowCalls) or
/// [`Config::slow_after`](super::Config::slow_after). It is not asked under a lock, and may use the
/// breaker; several threads may ask it at once. It should be quick, as it is a part of the call. If
/// it panics, it has not said so.
///
/// ```
/// use mainstay_resilience::breaker::{CircuitBreaker, TripWhen};
/// use mainstay_resilience::classify::Verdict;
///
/// // The busier it is, the smaller a share of failures is too much.
/// let breaker = CircuitBreaker::builder("search")
///     .trip(TripWhen::new(|seen| {
///         let counts = seen.counts;
///         counts.failed >= 3 && counts.failed * counts.failed > counts.calls
///     }))
///     .build()?;
///
/// for failed in [false, false, false, true, true, true] {
///     let verdict = if failed { Verdict::failure() } else { Verdict::success() };
///     breaker.try_acquire()?.finish(verdict);
/// }
/// assert!(breaker.status().rejects());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TripWhen(Arc<Function>);

type Function = dyn Fn(&Tally) -> bool + Send + Sync;

impl TripWhen {
    /// A rule by this function.
    pub fn new(opens: impl Fn(&Tally) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(opens))
    }

    fn holds(&self, tally: &Tally) -> bool {
        caught(|| (self.0)(tally)).unwrap_or(false)
    }
}

/// Rules are the same if they are clones.
impl PartialEq for TripWhen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for TripWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TripWhen").finish_non_exhaustive()
    }
}

/// The rule in use. While not all is well, who has none pays one reading of a word for it, and who
/// has one a lock.
#[derive(Debug)]
pub(super) struct OwnRule {
    is_set: AtomicU64,
    rule: Mutex<Option<TripWhen>>,
}

impl OwnRule {
    pub(super) fn new(rule: Option<TripWhen>) -> Self {
        Self { is_set: AtomicU64::new(u64::from(rule.is_some())), rule: Mutex::new(rule) }
    }

    /// Returns the last one, to be dropped where no lock is held.
    pub(super) fn set(&self, rule: Option<TripWhen>) -> Option<TripWhen> {
        let is_set = u64::from(rule.is_some());
        let last = std::mem::replace(&mut *lock(&self.rule), rule);
        self.is_set.store(is_set, Relaxed);
        last
    }

    /// Why a breaker that has seen this should open, if it should.
    #[inline]
    pub(super) fn judge(&self, tally: Tally) -> Option<Cause> {
        if self.is_set.load(Relaxed) == 0 { None } else { self.ask(tally) }
    }

    #[cold]
    fn ask(&self, tally: Tally) -> Option<Cause> {
        let rule = lock(&self.rule).clone();
        rule?.holds(&tally).then_some(Cause::TripWhen(tally))
    }
}
