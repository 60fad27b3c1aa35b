//! All interleavings of two threads, checked by `loom`:
//! `RUSTFLAGS="--cfg mainstay_loom" cargo test -p mainstay-resilience --release --lib loom`

use std::time::{Duration, Instant};

use loom::thread;
use mainstay_core::{Clock, ManualClock};

use super::series::{Count, Series};
use super::{Budget, Cause, Permit, Ratio, Tokens};
use crate::sync::Arc;

/// Ticks are a tenth of a second, and in any second this many retries are allowed.
fn reserve(retries: u32) -> Budget {
    Budget::new(Ratio::new(0.5).min_per_second(retries).window(Duration::from_secs(1)))
}

fn withdraw(budget: &Budget, now: Instant) -> Option<Permit> {
    budget.try_withdraw(now, Cause::Failure).ok()
}

fn start() -> Instant {
    ManualClock::new().now()
}

/// Runs both at once; the answers, this thread's last.
fn both<A: 'static, B>(other: impl FnOnce() -> A + 'static, this: impl FnOnce() -> B) -> (A, B) {
    let thread = thread::spawn(other);
    let this = this();
    (thread.join().unwrap(), this)
}

/// Adds one, as a thread does that is determined to.
fn add(series: &Series, tick: u64) {
    let mut latest = series.latest();
    while let Err(actual) = series.add(tick, latest) {
        latest = actual;
    }
}

/// Two see room for one retry: one of them makes it.
#[test]
fn the_last_retry_is_made_once() {
    let now = start();
    loom::model(move || {
        let budget = reserve(1);
        let clone = budget.clone();
        let (one, other) =
            both(move || withdraw(&clone, now).is_some(), || withdraw(&budget, now).is_some());
        assert!(one ^ other);
    });
}

/// The same while time goes on, with a retry in the tick that is being left.
#[test]
fn the_last_retry_is_made_once_as_time_goes_on() {
    let now = start();
    let later = now + Duration::from_millis(150);
    loom::model(move || {
        let budget = reserve(2);
        assert!(withdraw(&budget, now).is_some());
        let clone = budget.clone();
        let (one, other) =
            both(move || withdraw(&clone, now).is_some(), || withdraw(&budget, later).is_some());
        assert!(one ^ other);
        assert_eq!(budget.remaining(later), 0);
    });
}

/// What is given back as its tick is left may be lost, but is never there twice.
#[test]
fn what_is_given_back_is_there_once() {
    let now = start();
    let later = now + Duration::from_millis(150);
    loom::model(move || {
        let budget = reserve(2);
        let first = withdraw(&budget, now).unwrap();
        let ((), second) = both(move || first.give_back(), || withdraw(&budget, later).is_some());
        assert!(second);
        assert!(budget.remaining(later) <= 1);
    });
}

/// Calls that are counted as ticks change are neither lost nor counted twice.
#[test]
fn no_call_is_lost_between_ticks() {
    loom::model(|| {
        let series = Arc::new(Series::default());
        add(&series, 0);
        let other = Arc::clone(&series);
        both(
            move || {
                add(&other, 0);
                add(&other, 1);
            },
            || add(&series, 1),
        );
        assert_eq!(series.sum(1, series.latest()), 4);
    });
}

/// A sum that is taken while others count is never more than what there is.
///
/// It is taken on the other thread: of loads that come first in its first run `loom` does not
/// see that they could come between the writes.
#[test]
fn a_sum_is_never_too_great() {
    loom::model(|| {
        let series = Arc::new(Series::default());
        add(&series, 0);
        let other = Arc::clone(&series);
        let ((first, both), ()) = both(
            move || (other.sum(0, other.latest()), other.sum(1, other.latest())),
            || {
                add(&series, 1);
                add(&series, 11);
            },
        );
        assert_eq!(first, 1);
        assert!(both <= 2, "{both}");
        assert_eq!(series.latest(), Count { tick: 11, count: 1 });
    });
}

/// Two want the last tokens: one gets them.
#[test]
fn the_last_tokens_are_taken_once() {
    let now = start();
    loom::model(move || {
        let budget = Budget::new(Tokens::DEFAULT.capacity(9));
        let clone = budget.clone();
        let (one, other) =
            both(move || withdraw(&clone, now).is_some(), || withdraw(&budget, now).is_some());
        assert!(one ^ other);
    });
}

/// Trap 11: two refunds of half a token, and what a retry takes meanwhile, all count.
#[test]
fn no_part_of_a_token_is_lost() {
    let now = start();
    loom::model(move || {
        let budget = Budget::new(Tokens::DEFAULT.capacity(3).retry_cost(1).refund(0.5));
        let taken = (withdraw(&budget, now), withdraw(&budget, now));
        assert!(taken.0.is_some() && taken.1.is_some());
        let clone = budget.clone();
        both(
            move || clone.call_succeeded(),
            || {
                assert!(withdraw(&budget, now).is_some());
                budget.call_succeeded();
            },
        );
        assert_eq!(budget.remaining(now), 1);
    });
}
