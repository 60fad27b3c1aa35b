use std::time::Duration;

use mainstay_core::ManualClock;
use mainstay_resilience::Rejection;
use mainstay_resilience::breaker::{
    Cause, CircuitBreaker, Config, Consecutive, Event, FailureRate, HalfOpen, InvalidConfig, Mode,
    SlowCalls, State, Window,
};
use mainstay_resilience::permit::{DropCause, DropWeights, drop_as};

use super::{SECOND, Told, at, breaker, counts, fail, quick, succeed};

#[test]
fn forced_open_rejects_everything() {
    let breaker = breaker();
    succeed(&breaker);
    breaker.set_mode(Mode::ForcedOpen);
    let open = breaker.try_acquire().unwrap_err();
    assert_eq!((open.wait(), open.retry_after()), (None, None));
    assert_eq!(open.to_string(), "circuit breaker payments is open");
    assert!(breaker.status().rejects());
    // Once it is automatic again it knows of nothing before.
    breaker.set_mode(Mode::Auto);
    assert_eq!((at(&breaker), counts(&breaker)), ((Mode::Auto, State::Closed), (0, 0)));
}

#[test]
fn forced_closed_counts_and_disabled_does_not() {
    for (mode, expected) in [(Mode::ForcedClosed, (30, 30)), (Mode::Disabled, (0, 0))] {
        let breaker = quick().mode(mode).build().unwrap();
        (0..30).for_each(|_| fail(&breaker));
        assert_eq!((at(&breaker), counts(&breaker)), ((mode, State::Closed), expected));
        assert!(!breaker.status().rejects());
        breaker.set_mode(Mode::Auto);
        assert_eq!((at(&breaker), counts(&breaker)), ((Mode::Auto, State::Closed), (0, 0)));
    }
}

/// What was let through in another mode counts nowhere.
#[test]
fn a_call_of_another_mode_counts_nowhere() {
    let breaker = breaker();
    let old = breaker.try_acquire().unwrap();
    breaker.set_mode(Mode::ForcedClosed);
    let forced = breaker.try_acquire().unwrap();
    breaker.set_mode(Mode::Auto);
    drop((old, forced));
    assert_eq!((at(&breaker), counts(&breaker)), ((Mode::Auto, State::Closed), (0, 0)));
}

/// It looks on: all goes through, and what would not have is told.
#[test]
fn shadow_tells_what_it_would_reject() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let builder = quick().mode(Mode::Shadow).observer(told.observer()).clock(clock.clone());
    let breaker = builder.build().unwrap();
    fail(&breaker);
    assert_eq!(at(&breaker), (Mode::Shadow, State::Open));
    assert!(!breaker.status().rejects());
    assert!(matches!(told.take()[..], [Event::Changed { cause: Cause::Consecutive(1), .. }]));

    fail(&breaker);
    let [Event::WouldReject(open)] = &told.take()[..] else { panic!("it was not told") };
    assert_eq!((open.state(), open.wait()), (State::Open, Some(SECOND)));

    // Half-open, one is a probe and the others are not.
    clock.advance(SECOND);
    let probe = breaker.try_acquire().unwrap();
    fail(&breaker);
    assert_eq!(at(&breaker), (Mode::Shadow, State::HalfOpen));
    let events = told.take();
    assert!(matches!(events[0], Event::Changed { cause: Cause::Waited, .. }));
    assert!(matches!(&events[1], Event::WouldReject(open) if open.state() == State::HalfOpen));
    assert_eq!(events.len(), 2);
    probe.finish(mainstay_resilience::classify::Verdict::success());
    assert_eq!(at(&breaker), (Mode::Shadow, State::Closed));

    // Going live keeps what it knows.
    fail(&breaker);
    breaker.set_mode(Mode::Auto);
    assert_eq!(at(&breaker), (Mode::Auto, State::Open));
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn the_observer_is_told_of_a_cycle() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let builder = quick().observer(told.observer()).clock(clock.clone());
    let breaker = builder.build().unwrap();
    succeed(&breaker);
    fail(&breaker);
    assert!(breaker.try_acquire().is_err());
    clock.advance(SECOND);
    succeed(&breaker);
    let events = told.take();
    let changes = events.iter().filter_map(|event| match event {
        Event::Changed { name, from, to, cause, wait } => {
            assert_eq!((name.as_str(), from.epoch + 1), ("payments", to.epoch));
            Some((from.state, to.state, *cause, *wait))
        }
        _ => None,
    });
    let expected = [
        (State::Closed, State::Open, Cause::Consecutive(1), Some(SECOND)),
        (State::Open, State::HalfOpen, Cause::Waited, None),
        (State::HalfOpen, State::Closed, Cause::Recovered, None),
    ];
    assert!(changes.eq(expected));
    assert!(matches!(&events[1], Event::Rejected(open) if open.wait() == Some(SECOND)));
    assert_eq!(events.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn states_are_a_stream() {
    let breaker = breaker();
    let mut states = breaker.states();
    let watcher = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(status) = states.changed().await {
            assert_eq!(states.current(), status);
            seen.push((status.mode, status.state, status.epoch));
        }
        seen
    });
    fail(&breaker);
    tokio::task::yield_now().await;
    for mode in [Mode::Shadow, Mode::Disabled] {
        breaker.set_mode(mode);
        tokio::task::yield_now().await;
    }
    drop(breaker);
    let expected = [
        (Mode::Auto, State::Open, 1),
        (Mode::Shadow, State::Open, 1),
        (Mode::Disabled, State::Closed, 2),
    ];
    assert_eq!(watcher.await.unwrap(), expected);
}

/// Who is slow sees the last state, and does not see it twice.
#[tokio::test(start_paused = true)]
async fn states_are_skipped_rather_than_queued() {
    let breaker = breaker();
    let mut states = breaker.states();
    for mode in [Mode::ForcedOpen, Mode::Disabled, Mode::ForcedClosed] {
        breaker.set_mode(mode);
    }
    assert_eq!(states.changed().await.unwrap().mode, Mode::ForcedClosed);
    let none = tokio::time::timeout(SECOND, states.changed()).await;
    assert!(none.is_err());
}

#[test]
fn rules_change_in_use() {
    let breaker = CircuitBreaker::builder("payments").build().unwrap();
    (0..15).for_each(|_| succeed(&breaker));
    (0..5).for_each(|_| fail(&breaker));
    let epoch = breaker.status().epoch;
    breaker.reconfigure(breaker.config().trip(FailureRate::at_least(0.25))).unwrap();
    assert_eq!((at(&breaker), counts(&breaker)), ((Mode::Auto, State::Closed), (20, 5)));
    assert_eq!(breaker.status().epoch, epoch);
    fail(&breaker);
    assert_eq!(at(&breaker).1, State::Open);
}

#[test]
fn a_window_grows_and_shrinks_in_use() {
    let config = Config::default().without_rules();
    let breaker = CircuitBreaker::builder("payments").config(config.clone()).build().unwrap();
    let resize = |window| breaker.reconfigure(config.clone().window(window));
    (0..40).for_each(|_| fail(&breaker));
    (0..60).for_each(|_| succeed(&breaker));
    let on_its_way = breaker.try_acquire().unwrap();
    resize(Window::calls(80)).unwrap();
    assert_eq!(counts(&breaker), (80, 20));
    resize(Window::calls(1_024)).unwrap();
    // A call that was let through before counts, and so do failures in a row.
    on_its_way.finish(mainstay_resilience::classify::Verdict::failure());
    assert_eq!(counts(&breaker), (81, 21));
    resize(Window::calls(10)).unwrap();
    assert_eq!((counts(&breaker), breaker.snapshot().consecutive_failures), ((10, 1), 1));
    for window in [Window::calls(1_025), Window::last(SECOND)] {
        assert_eq!(resize(window), Err(InvalidConfig::WindowChange));
    }
    assert_eq!(breaker.config().window(Window::calls(10)), breaker.config());
}

#[test]
fn a_window_of_time_grows_and_shrinks_in_use() {
    let clock = ManualClock::new();
    let config = Config::default().without_rules().window(Window::last(SECOND));
    let builder = CircuitBreaker::builder("payments").config(config.clone());
    let breaker = builder.clock(clock.clone()).build().unwrap();
    let resize = |length| breaker.reconfigure(config.clone().window(Window::last(length)));
    resize(6 * SECOND).unwrap();
    for _ in 0..6 {
        fail(&breaker);
        clock.advance(SECOND);
    }
    assert_eq!(counts(&breaker), (5, 5));
    resize(2 * SECOND).unwrap();
    assert_eq!(counts(&breaker), (1, 1));
    assert_eq!(resize(7 * SECOND), Err(InvalidConfig::WindowChange));
    let calls = config.clone().window(Window::calls(10));
    assert_eq!(breaker.reconfigure(calls), Err(InvalidConfig::WindowChange));
}

/// Probes are judged as they began; the next ones as the configuration is by then.
#[test]
fn half_open_changes_with_the_next_outage() {
    let clock = ManualClock::new();
    let breaker = quick().clock(clock.clone()).build().unwrap();
    fail(&breaker);
    clock.advance(SECOND);
    let probe = breaker.try_acquire().unwrap();
    let patient = breaker.config().half_open(HalfOpen::consecutive(2));
    breaker.reconfigure(patient).unwrap();
    probe.finish(mainstay_resilience::classify::Verdict::success());
    assert_eq!(at(&breaker).1, State::Closed);
    fail(&breaker);
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(at(&breaker).1, State::HalfOpen);
    succeed(&breaker);
    assert_eq!(at(&breaker).1, State::Closed);
}

#[test]
fn weights_change_in_use() {
    let breaker = breaker();
    drop_as(DropCause::CallerGone, breaker.try_acquire().unwrap());
    assert_eq!(at(&breaker).1, State::Closed);
    let weights = DropWeights::DEFAULT.with(DropCause::CallerGone, 1.0);
    breaker.reconfigure(breaker.config().drop_weights(weights)).unwrap();
    drop_as(DropCause::CallerGone, breaker.try_acquire().unwrap());
    assert_eq!(at(&breaker).1, State::Open);
}

/// Each mistake has its name, when it is made and when it is changed; and then nothing is changed.
#[test]
fn what_is_wrong_is_said() {
    let config = Config::default;
    let probes = HalfOpen::default;
    let steps = |count| vec![0.5; count];
    let wrong = [
        (config().trip(FailureRate::at_least(0.0)), InvalidConfig::Rate),
        (config().trip(FailureRate::at_least(1.1)), InvalidConfig::Rate),
        (config().trip(FailureRate::at_least(f64::NAN)), InvalidConfig::Rate),
        (config().trip(SlowCalls::longer_than(SECOND).rate(-0.5)), InvalidConfig::Rate),
        (config().half_open(HalfOpen::rate(3, 0.0)), InvalidConfig::Rate),
        (config().half_open(probes().ramp([0.1, 1.5])), InvalidConfig::Rate),
        (config().trip(FailureRate::at_least(0.5).min_calls(0)), InvalidConfig::MinCalls),
        (config().trip(FailureRate::at_least(0.5).min_calls(101)), InvalidConfig::MinCalls),
        (config().trip(SlowCalls::longer_than(SECOND).min_calls(101)), InvalidConfig::MinCalls),
        (config().trip(Consecutive::failures(0)), InvalidConfig::Consecutive),
        (config().without_rules().window(Window::calls(0)), InvalidConfig::Window),
        (config().half_open(HalfOpen::consecutive(0)), InvalidConfig::Probes),
        (config().half_open(HalfOpen::rate(0, 0.5)), InvalidConfig::Probes),
        (config().half_open(probes().at_once(0)), InvalidConfig::Probes),
        (config().half_open(probes().at_once(1_025)), InvalidConfig::Probes),
        (config().half_open(probes().lease(Duration::ZERO)), InvalidConfig::Probes),
        (config().half_open(probes().ramp(steps(17))), InvalidConfig::Ramp),
    ];
    let breaker = CircuitBreaker::builder("payments").build().unwrap();
    for (config, expected) in wrong {
        let made = CircuitBreaker::builder("payments").config(config.clone()).build();
        assert_eq!(made.err(), Some(expected), "{config:?}");
        assert_eq!(breaker.reconfigure(config), Err(expected));
        assert_eq!(breaker.config(), Config::default());
        assert!(!expected.to_string().is_empty());
    }
    let short = config().window(Window::last(Duration::from_millis(9)));
    let made = CircuitBreaker::builder("payments").config(short).build();
    assert_eq!(made.err(), Some(InvalidConfig::Window));
}

/// What is just in range.
#[test]
fn what_is_in_range_is_taken() {
    let config = Config::default;
    for config in [
        config().trip(FailureRate::at_least(1.0).min_calls(100)),
        config().trip(FailureRate::at_least(f64::MIN_POSITIVE)),
        config().window(Window::calls(1)),
        config().window(Window::calls(u16::MAX)),
        config().window(Window::last(Duration::from_millis(10))),
        config().window(Window::last(Duration::MAX)),
        config().half_open(HalfOpen::consecutive(u32::MAX).at_once(1_024).lease(Duration::MAX)),
        config().half_open(HalfOpen::rate(u32::MAX, 1.0).ramp([1.0; 16])),
    ] {
        let breaker = CircuitBreaker::builder("payments").config(config.clone()).build().unwrap();
        assert_eq!(breaker.config(), config);
        succeed(&breaker);
        (0..200).for_each(|_| drop(breaker.try_acquire()));
        breaker.reconfigure(config).unwrap();
    }
}
