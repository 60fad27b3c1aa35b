//! Functions of the user's that decide: when it opens, and for how long.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use mainstay_resilience::breaker::{
    Builder, Cause, CircuitBreaker, Config, Event, Mode, State, Tally, TripWhen,
};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, drop_as};
use mainstay_resilience::window::Counts;

use super::{Told, at, counts, fail, quick, succeed};

fn opens_when(opens: impl Fn(&Tally) -> bool + Send + Sync + 'static) -> Builder {
    CircuitBreaker::builder("payments").trip(TripWhen::new(opens))
}

/// It is told what was seen, and the observer is told it as the cause.
#[test]
fn an_own_rule_opens() {
    let told = Told::default();
    let builder = opens_when(|seen| seen.counts.failed >= 2 && seen.consecutive_failures == 1);
    let breaker = builder.observer(told.observer()).build().unwrap();
    fail(&breaker);
    (0..50).for_each(|_| succeed(&breaker));
    assert_eq!(at(&breaker).1, State::Closed);
    fail(&breaker);
    let events = told.take();
    let [Event::Changed { cause: cause @ Cause::TripWhen(seen), .. }] = &events[..] else {
        panic!("{events:?}")
    };
    let expected = Counts { calls: 52, failed: 2, slow: 0 };
    assert_eq!((seen.counts, seen.consecutive_failures), (expected, 1));
    assert_eq!(cause.to_string(), "of 52 calls 2 failed and 0 were slow");
}

/// Not while all is well, not in a mode that does not decide, and not for what another rule opens.
#[test]
fn an_own_rule_is_asked_when_it_matters() {
    let asked = Arc::new(AtomicU32::new(0));
    let asks = Arc::clone(&asked);
    let rule = TripWhen::new(move |_| asks.fetch_add(1, Relaxed) > 100);
    let breaker = CircuitBreaker::builder("payments").trip(rule.clone()).build().unwrap();
    (0..50).for_each(|_| succeed(&breaker));
    assert_eq!(asked.load(Relaxed), 0);
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(asked.load(Relaxed), 2);
    breaker.try_acquire().unwrap().finish(Verdict::ignored());
    breaker.set_mode(Mode::ForcedClosed);
    fail(&breaker);
    assert_eq!(asked.load(Relaxed), 2);
    let both = quick().trip(rule).build().unwrap();
    fail(&both);
    assert_eq!((asked.load(Relaxed), at(&both).1), (2, State::Open));
}

/// It did not say that it should open, and all goes on; from a destructor as well.
#[test]
fn an_own_rule_that_panics_harms_nothing() {
    let breaker = opens_when(|seen| {
        assert!(seen.counts.failed != 2, "on purpose");
        seen.counts.failed > 2
    });
    let breaker = breaker.build().unwrap();
    fail(&breaker);
    drop_as(DropCause::TimedOut, breaker.try_acquire().unwrap());
    assert_eq!((at(&breaker).1, counts(&breaker)), (State::Closed, (2, 2)));
    fail(&breaker);
    assert_eq!(at(&breaker).1, State::Open);
    breaker.reconfigure(breaker.config().without_rules()).unwrap();
}

/// It may use the breaker.
#[test]
fn an_own_rule_is_asked_under_no_lock() {
    let late = Arc::new(OnceLock::<CircuitBreaker>::new());
    let own = Arc::clone(&late);
    let breaker = opens_when(move |_| {
        let breaker = own.get().unwrap();
        breaker.set_mode(Mode::Shadow);
        breaker.reconfigure(breaker.config()).unwrap();
        breaker.snapshot().counts.failed >= 2
    });
    let breaker = breaker.build().unwrap();
    late.set(breaker.clone()).unwrap();
    fail(&breaker);
    fail(&breaker);
    assert_eq!(at(&breaker), (Mode::Shadow, State::Open));
}

#[test]
fn an_own_rule_comes_and_goes_in_use() {
    let breaker = CircuitBreaker::builder("payments").build().unwrap();
    let rule = TripWhen::new(|seen| seen.counts.failed >= 2);
    breaker.reconfigure(breaker.config().trip(rule.clone())).unwrap();
    assert_eq!(breaker.config(), Config::default().trip(rule.clone()).trip(half()));
    assert_ne!(breaker.config(), breaker.config().trip(TripWhen::new(|_| true)));
    fail(&breaker);
    breaker.reconfigure(Config::default()).unwrap();
    fail(&breaker);
    assert_eq!(at(&breaker).1, State::Closed);
    breaker.reconfigure(Config::default().trip(rule)).unwrap();
    succeed(&breaker);
    assert_eq!(at(&breaker).1, State::Open);
}

/// The rule of a breaker that was given none.
fn half() -> mainstay_resilience::breaker::FailureRate {
    mainstay_resilience::breaker::FailureRate::at_least(0.5)
}
