//! Functions of the user's that decide: when it opens, and for how long.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mainstay_core::{ManualClock, Pushback};
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{
    Builder, Cause, CircuitBreaker, Config, Event, Mode, Permit, SlowCalls, State, Tally, TripWhen,
};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, drop_as};
use mainstay_resilience::window::Counts;

use super::{SECOND, Told, at, counts, fail, quick, succeed};

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

/// By a limit without a share, until a rule brings its own.
#[test]
fn an_own_rule_goes_by_slow_calls() {
    let clock = ManualClock::new();
    let builder = opens_when(|seen| seen.counts.slow >= 2).clock(clock.clone());
    let breaker = builder.build().unwrap();
    let call = |takes| {
        let permit = breaker.try_acquire().unwrap();
        clock.advance(takes);
        permit.finish(Verdict::success());
        breaker.snapshot().counts.slow
    };
    assert_eq!(call(60 * SECOND), 0);
    breaker.reconfigure(breaker.config().slow_after(SECOND)).unwrap();
    assert_eq!((call(SECOND), call(2 * SECOND)), (0, 1));
    let rule = SlowCalls::longer_than(5 * SECOND);
    breaker.reconfigure(breaker.config().trip(rule)).unwrap();
    assert_eq!((call(5 * SECOND), breaker.config().get_slow_after()), (1, Some(SECOND)));
    breaker.reconfigure(breaker.config().without_slow_calls()).unwrap();
    call(2 * SECOND);
    assert_eq!(at(&breaker).1, State::Open);
    let without = breaker.config().without_slow_after();
    assert_eq!(without.get_slow_after(), None);
    assert_ne!(without, breaker.config());
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

/// What such a panic carries may panic as well when it is dropped.
#[test]
fn what_a_panic_carries_gets_out_neither() {
    struct Carried;

    impl Drop for Carried {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                std::panic::panic_any(Self);
            }
        }
    }

    let breaker = opens_when(|seen| {
        if seen.counts.failed < 2 {
            std::panic::panic_any(Carried);
        }
        true
    });
    let breaker = breaker.open_by(|_| std::panic::panic_any(Carried)).build().unwrap();
    for expected in [State::Closed, State::Open] {
        fail(&breaker);
        assert_eq!(at(&breaker).1, expected);
    }
}

/// Not even while another panic is on its way.
#[test]
fn functions_may_panic_during_a_panic() {
    let breaker = opens_when(|seen| {
        assert!(seen.counts.failed > 1, "on purpose");
        true
    });
    let breaker = breaker.open_by(|_| panic!("on purpose")).build().unwrap();
    for expected in [State::Closed, State::Open] {
        let call = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _permit = breaker.try_acquire().unwrap();
            panic!("on purpose")
        }));
        assert_eq!((call.is_err(), at(&breaker).1), (true, expected));
    }
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

fn wait(breaker: &CircuitBreaker) -> Option<Duration> {
    breaker.snapshot().wait
}

/// Within the backoff's floor and cap, and each time anew.
#[test]
fn a_function_says_for_how_long() {
    let (clock, millis) = (ManualClock::new(), Duration::from_millis);
    let backoff = Backoff::exponential().base(SECOND).cap(3 * SECOND).floor(SECOND / 2);
    let builder = quick().open_for(backoff.jitter(Jitter::None)).clock(clock.clone());
    let builder = builder.open_by(move |opening| {
        assert_eq!(opening.pushback, Duration::ZERO);
        match (opening.opened, opening.cause, opening.seen.counts.calls) {
            (0, Cause::Consecutive(1), 2) => opening.backoff + millis(7),
            (1, Cause::NotRecovered, 1) => Duration::MAX,
            (2, ..) => Duration::ZERO,
            other => panic!("{other:?}"),
        }
    });
    let breaker = builder.build().unwrap();
    succeed(&breaker);
    for expected in [millis(1_007), 3 * SECOND, SECOND / 2] {
        fail(&breaker);
        assert_eq!((at(&breaker).1, wait(&breaker)), (State::Open, Some(expected)));
        clock.advance(expected);
    }
    // It panics, and the backoff holds: this is the fourth time.
    fail(&breaker);
    assert_eq!((at(&breaker).1, wait(&breaker)), (State::Open, Some(3 * SECOND)));
    let config = breaker.config();
    assert_eq!(config, breaker.config());
    assert_ne!(config, config.clone().open_by(|opening| opening.backoff));
    breaker.reconfigure(config.without_open_by()).unwrap();
    clock.advance(3 * SECOND);
    succeed(&breaker);
    assert_eq!(at(&breaker).1, State::Closed);
}

/// What the other side says is told, and holds beside it.
#[test]
fn a_function_does_not_overrule_pushback() {
    let told = Arc::new(OnceLock::new());
    let tells = Arc::clone(&told);
    let builder = quick().clock(ManualClock::new()).open_by(move |opening| {
        tells.set(opening.pushback).unwrap();
        SECOND
    });
    let breaker = builder.build().unwrap();
    let pushback = Some(Pushback::After(20 * SECOND));
    breaker.try_acquire().unwrap().finish(Verdict::failure().with_pushback(pushback));
    let waits = wait(&breaker).unwrap();
    assert!((20 * SECOND..=22 * SECOND).contains(&waits), "{waits:?}");
    assert_eq!(told.get(), Some(&(20 * SECOND)));
}

/// It may use the breaker, and what it does there holds.
#[test]
fn a_function_is_asked_under_no_lock() {
    let late = Arc::new(OnceLock::<CircuitBreaker>::new());
    let own = Arc::clone(&late);
    let clock = ManualClock::new();
    let builder = quick().clock(clock.clone()).open_by(move |opening| {
        let breaker = own.get().unwrap();
        breaker.reconfigure(breaker.config()).unwrap();
        // While it is asked the breaker is as before.
        let before =
            if opening.cause == Cause::NotRecovered { State::HalfOpen } else { State::Closed };
        assert_eq!(breaker.snapshot().status.state, before);
        // But for probes: what is judged is not tried any more.
        if before == State::HalfOpen {
            let admitted = breaker.try_acquire().map(Permit::give_back);
            assert!(admitted.is_err());
        }
        if opening.opened == 2 {
            breaker.set_mode(Mode::ForcedClosed);
        }
        2 * SECOND
    });
    let breaker = builder.build().unwrap();
    late.set(breaker.clone()).unwrap();
    for _ in 0..2 {
        fail(&breaker);
        assert_eq!((at(&breaker).1, wait(&breaker)), (State::Open, Some(2 * SECOND)));
        clock.advance(2 * SECOND);
    }
    fail(&breaker);
    assert_eq!(at(&breaker), (Mode::ForcedClosed, State::Closed));
}

/// The rule of a breaker that was given none.
fn half() -> mainstay_resilience::breaker::FailureRate {
    mainstay_resilience::breaker::FailureRate::at_least(0.5)
}
