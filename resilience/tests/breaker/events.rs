//! What an observer is told besides changes and rejections.

use mainstay_core::ManualClock;
use mainstay_resilience::breaker::{CircuitBreaker, Event, HalfOpen, Mode, State};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, drop_as};

use super::{SECOND, Told, fail, quick, succeed};

fn observed() -> (CircuitBreaker, Told, ManualClock) {
    let (told, clock) = (Told::default(), ManualClock::new());
    let half_open = HalfOpen::consecutive(2).at_once(2).lease(3 * SECOND);
    let builder = quick().half_open(half_open).clock(clock.clone());
    (builder.observer(told.observer()).build().unwrap(), told, clock)
}

/// Whether those that came too late had failed, and of which epoch they were.
fn late(told: &Told) -> Vec<(u32, bool)> {
    let events = told.take();
    let late = events.iter().filter_map(|event| match event {
        Event::Late { epoch, failed, .. } => Some((*epoch, *failed)),
        _ => None,
    });
    late.collect()
}

/// Those that would have counted, whatever it is that they are late for.
#[test]
fn a_late_result_is_told() {
    let (breaker, told, clock) = observed();
    let calls: Vec<_> = (0..5).map(|_| breaker.try_acquire().unwrap()).collect();
    let mut calls = calls.into_iter();
    let mut next = || calls.next().unwrap();
    fail(&breaker);
    told.take();
    next().finish(Verdict::success());
    let [Event::Late { name, status, epoch: 0, failed: false }] = &told.take()[..] else {
        panic!("it was not told")
    };
    assert_eq!((name.as_str(), *status), ("payments", breaker.status()));
    // Open, half-open, and closed again.
    next().finish(Verdict::failure());
    assert_eq!(late(&told), [(0, true)]);
    clock.advance(SECOND);
    let probes = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    assert_eq!(breaker.status().state, State::HalfOpen);
    drop_as(DropCause::TimedOut, next());
    assert_eq!(late(&told), [(0, true)]);
    let [probe, other] = probes;
    probe.finish(Verdict::success());
    succeed(&breaker);
    assert_eq!((breaker.status().state, late(&told)), (State::Closed, vec![]));
    other.finish(Verdict::failure());
    assert_eq!(late(&told), [(2, true)]);
    // What says nothing about the other side is not missed.
    next().finish(Verdict::ignored());
    next().give_back();
    assert_eq!(late(&told), []);
}

#[test]
fn a_result_is_late_for_another_mode() {
    let (breaker, told, _clock) = observed();
    let call = breaker.try_acquire().unwrap();
    breaker.set_mode(Mode::Disabled);
    let uncounted = breaker.try_acquire().unwrap();
    breaker.set_mode(Mode::Auto);
    uncounted.finish(Verdict::failure());
    assert_eq!(late(&told), []);
    call.finish(Verdict::failure());
    assert_eq!(late(&told), [(0, true)]);
}

/// When the next call takes the place of the one that hangs.
#[test]
fn a_lease_that_ends_is_told() {
    let (breaker, told, clock) = observed();
    fail(&breaker);
    clock.advance(SECOND);
    let hung: Vec<_> = (0..2).map(|_| breaker.try_acquire().unwrap()).collect();
    clock.advance(2 * SECOND);
    assert!(breaker.try_acquire().is_err());
    told.take();
    clock.advance(SECOND);
    assert!(told.take().is_empty());
    let probe = breaker.try_acquire().unwrap();
    let [Event::LeaseEnded { name, status, probes: 2 }] = &told.take()[..] else {
        panic!("it was not told")
    };
    assert_eq!((name.as_str(), status.state), ("payments", State::HalfOpen));
    // Once; and they count all the same.
    let other = breaker.try_acquire().unwrap();
    assert!(told.take().is_empty());
    for it in hung {
        it.finish(Verdict::success());
    }
    assert_eq!(breaker.status().state, State::Closed);
    drop((probe, other));
}
