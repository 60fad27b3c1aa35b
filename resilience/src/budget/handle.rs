use std::time::Instant;

use super::permit::Spent;
use super::ratio::RatioLedger;
use super::tokens::Bucket;
use super::{Cause, Exhausted, Permit, Ratio, Tokens};
use crate::sync::Arc;

/// A limit on retries that all its clones share. A clone allocates nothing.
///
/// How to use one is in the documentation of the [module](super).
#[derive(Clone, Debug)]
pub struct Budget(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Ratio(Arc<RatioLedger>),
    Tokens(Arc<Bucket>),
}

impl Budget {
    /// A budget of either kind: from a [`Ratio`], or from [`Tokens`].
    pub fn new(config: impl Into<Self>) -> Self {
        config.into()
    }

    /// So many retries for each call, the rest as in [`Ratio::DEFAULT`].
    pub fn ratio(share: f64) -> Self {
        Ratio::new(share).into()
    }

    /// A token bucket as in [`Tokens::DEFAULT`].
    pub fn tokens() -> Self {
        Tokens::DEFAULT.into()
    }

    /// A call makes its first attempt. A ratio allows for more retries then.
    ///
    /// The time is asked for one call in sixteen, as reading a clock takes longer than all the
    /// rest.
    #[inline]
    pub fn call_started(&self, now: impl Fn() -> Instant) {
        match &self.0 {
            Kind::Ratio(ledger) => ledger.call(now),
            Kind::Tokens(_) => {}
        }
    }

    /// A call succeeded at its first attempt. A bucket gets its refund then.
    #[inline]
    pub fn call_succeeded(&self) {
        match &self.0 {
            Kind::Ratio(_) => {}
            Kind::Tokens(bucket) => bucket.refund(),
        }
    }

    /// Asks for a retry, and says why there should be one.
    ///
    /// The permit is told how the retry went, if it went well or was not made. Dropped, it is
    /// spent.
    pub fn try_withdraw(&self, now: Instant, cause: Cause) -> Result<Permit, Exhausted> {
        let spent = match &self.0 {
            Kind::Ratio(ledger) => ledger.withdraw(now).map(Spent::Retry),
            Kind::Tokens(bucket) => bucket.withdraw(cause).map(Spent::Tokens),
        };
        let spent = spent.ok_or(Exhausted)?;
        Ok(Permit::new(self.clone(), spent))
    }

    /// How many retries after failures would be allowed now.
    pub fn remaining(&self, now: Instant) -> u64 {
        match &self.0 {
            Kind::Ratio(ledger) => ledger.remaining(now),
            Kind::Tokens(bucket) => bucket.remaining(),
        }
    }

    pub(super) fn give_back(&self, spent: Spent) {
        match (&self.0, spent) {
            (Kind::Ratio(ledger), Spent::Retry(tick)) => ledger.give_back(tick),
            (Kind::Tokens(bucket), Spent::Tokens(amount)) => bucket.put(amount),
            // A permit only comes back to the budget that it is of.
            (Kind::Ratio(_), Spent::Tokens(_)) | (Kind::Tokens(_), Spent::Retry(_)) => {}
        }
    }
}

/// [`Ratio::DEFAULT`].
impl Default for Budget {
    fn default() -> Self {
        Ratio::DEFAULT.into()
    }
}

impl From<Ratio> for Budget {
    fn from(config: Ratio) -> Self {
        Self(Kind::Ratio(Arc::new(RatioLedger::new(config))))
    }
}

impl From<Tokens> for Budget {
    fn from(config: Tokens) -> Self {
        Self(Kind::Tokens(Arc::new(Bucket::new(config))))
    }
}
