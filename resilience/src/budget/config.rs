use std::time::Duration;

/// Retries are a share of the calls of the last seconds.
///
/// In any window the retries are at most the share of the calls, plus the reserve: what
/// [`Ratio::min_per_second`] comes to over the window. Time goes in steps of a tenth of it.
///
/// A clock is read for one call in sixteen. The fifteen after it are taken to be as old, so that
/// where calls are few they are forgotten early; that is when the reserve counts.
///
/// ```
/// use mainstay_resilience::budget::{Budget, Ratio};
/// use std::time::Duration;
///
/// const TENTH: Ratio = Ratio::new(0.1).min_per_second(1).window(Duration::from_secs(30));
/// let budget = Budget::new(TENTH);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Ratio {
    pub(super) share: f64,
    pub(super) min_per_second: u32,
    pub(super) window: Duration,
}

impl Ratio {
    /// A share of 0.2, which is one retry for five calls, and at least 10 each second, in a window
    /// of 10 s.
    pub const DEFAULT: Self =
        Self { share: 0.2, min_per_second: 10, window: Duration::from_secs(10) };

    /// So many retries for each call, the rest as in [`Ratio::DEFAULT`].
    ///
    /// It is counted in millionths. What is less than 0 or no number is taken for 0, and what is
    /// over 1000 for that.
    pub const fn new(share: f64) -> Self {
        // The order of the arguments matters: what is no number becomes 0.
        Self { share: share.max(0.0).min(1000.0), ..Self::DEFAULT }
    }

    /// So many retries each second are allowed however few calls there are. Default: 10.
    ///
    /// They need not be spread evenly: those of a whole window may come at once.
    pub const fn min_per_second(self, min_per_second: u32) -> Self {
        Self { min_per_second, ..self }
    }

    /// For how long calls and retries are remembered, from 1 s to 60 s. Default: 10 s.
    ///
    /// What is outside of that is taken for the nearer end.
    pub const fn window(self, window: Duration) -> Self {
        let window = match window.as_secs() {
            0 => Duration::from_secs(1),
            1..60 => window,
            60.. => Duration::from_secs(60),
        };
        Self { window, ..self }
    }
}

/// Retries take tokens out of a bucket, and success puts some back.
///
/// - A retry takes its cost. If there is less in the bucket it is not made.
/// - A retry that succeeds puts back what it took.
/// - A call that succeeds at once puts back a little.
///
/// ```
/// use mainstay_resilience::budget::{Budget, Tokens};
///
/// const SMALL: Tokens = Tokens::DEFAULT.capacity(50).refund(0.5);
/// let budget = Budget::new(SMALL);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Tokens {
    pub(super) capacity: u32,
    pub(super) retry_cost: u32,
    pub(super) timeout_cost: u32,
    pub(super) refund: f64,
}

impl Tokens {
    /// 500 tokens, of which a retry takes 5 and one after a timeout 10; a success puts back 1.
    pub const DEFAULT: Self = Self { capacity: 500, retry_cost: 5, timeout_cost: 10, refund: 1.0 };

    /// How many tokens there are at first and at most. Default: 500.
    pub const fn capacity(self, capacity: u32) -> Self {
        Self { capacity, ..self }
    }

    /// What a retry takes. Default: 5. If it is more than the capacity, there are no retries.
    pub const fn retry_cost(self, retry_cost: u32) -> Self {
        Self { retry_cost, ..self }
    }

    /// What a retry after a timeout takes, as that call has cost the other side the most.
    /// Default: 10.
    pub const fn timeout_cost(self, timeout_cost: u32) -> Self {
        Self { timeout_cost, ..self }
    }

    /// What a call puts back that succeeds at its first attempt. Default: 1.
    ///
    /// It need not be whole, and is counted in millionths. What is less than 0 or no number is
    /// taken for 0, and what is more than the capacity for that.
    pub const fn refund(self, refund: f64) -> Self {
        // The order of the arguments matters: what is no number becomes 0.
        Self { refund: refund.max(0.0), ..self }
    }
}

/// [`Ratio::DEFAULT`].
impl Default for Ratio {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// [`Tokens::DEFAULT`].
impl Default for Tokens {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whole and in range, for counting: a million is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(super) fn millionths(value: f64) -> u64 {
    (value * 1e6).round() as u64
}
