use std::time::Duration;

use mainstay_core::ManualClock;
use mainstay_resilience::Rejection;
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{
    Cause, CircuitBreaker, Config, Consecutive, Event, FailureRate, HalfOpen, InvalidConfig, Mode,
    SlowCalls, State, TripWhen, Window,
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

/// For as long as it was asked, by the longest who asks, and then probes tell.
#[test]
fn it_opens_for_whoever_asks() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let breaker = quick().observer(told.observer()).clock(clock.clone()).build().unwrap();
    let on_its_way = breaker.try_acquire().unwrap();
    assert!(breaker.open_for(5 * SECOND));
    let [Event::Changed { to, cause, wait, .. }] = told.take()[..] else { panic!("not told") };
    assert_eq!((to, cause, wait), (breaker.status(), Cause::Asked, Some(5 * SECOND)));
    assert_eq!(cause.to_string(), "somebody has asked for it");
    assert!(!breaker.open_for(5 * SECOND) && told.take().is_empty());
    on_its_way.finish(mainstay_resilience::classify::Verdict::success());
    clock.advance(SECOND);
    assert!(!breaker.open_for(4 * SECOND) && breaker.open_for(5 * SECOND));
    assert_eq!(breaker.try_acquire().unwrap_err().wait(), Some(5 * SECOND));
    clock.advance(5 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(at(&breaker).1, State::HalfOpen);
    // A probe that is under way knows less.
    assert!(breaker.open_for(SECOND));
    probe.finish(mainstay_resilience::classify::Verdict::success());
    assert_eq!(at(&breaker).1, State::Open);
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(at(&breaker).1, State::Closed);
}

/// Who asks for no time asks for nothing, and who asks for all times need not ask twice.
#[test]
fn what_is_asked_for_in_vain_is_not_told() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let breaker = quick().observer(told.observer()).clock(clock.clone()).build().unwrap();
    assert!(!breaker.open_for(Duration::ZERO));
    assert_eq!(at(&breaker).1, State::Closed);
    fail(&breaker);
    clock.advance(SECOND);
    let _probe = breaker.try_acquire().unwrap();
    told.take();
    assert!(!breaker.open_for(Duration::ZERO));
    assert_eq!((at(&breaker).1, told.take().len()), (State::HalfOpen, 0));
    assert!(breaker.open_for(Duration::MAX));
    clock.advance(SECOND);
    assert!(!breaker.open_for(Duration::MAX));
    assert_eq!(told.take().len(), 1);
}

#[test]
fn who_asks_does_not_overrule_a_mode() {
    for (mode, opens) in [
        (Mode::Auto, true),
        (Mode::Shadow, true),
        (Mode::ForcedOpen, false),
        (Mode::ForcedClosed, false),
        (Mode::Disabled, false),
    ] {
        let breaker = quick().mode(mode).build().unwrap();
        assert_eq!(breaker.open_for(SECOND), opens, "{mode}");
        let expected = if opens { State::Open } else { State::Closed };
        assert_eq!(at(&breaker), (mode, expected));
        assert_eq!(breaker.status().rejects(), matches!(mode, Mode::Auto | Mode::ForcedOpen));
    }
}

/// The next outage begins where the backoff was.
#[test]
fn who_asks_does_not_make_the_backoff_grow() {
    let clock = ManualClock::new();
    let backoff = Backoff::exponential().base(SECOND).jitter(Jitter::None);
    let breaker = quick().open_for(backoff).clock(clock.clone()).build().unwrap();
    for _ in 0..3 {
        assert!(breaker.open_for(10 * SECOND));
        clock.advance(10 * SECOND);
        succeed(&breaker);
    }
    fail(&breaker);
    assert_eq!(breaker.snapshot().wait, Some(SECOND));
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

/// Each is taken away by itself, and opens no more.
#[test]
fn rules_are_taken_away_in_use() {
    let own = TripWhen::new(|seen| seen.counts.failed > 0);
    let config = Config::default()
        .trip(FailureRate::at_least(0.1).min_calls(1))
        .trip(SlowCalls::longer_than(SECOND))
        .trip(Consecutive::failures(1))
        .trip(own.clone());
    let take_away: [fn(Config) -> Config; 4] = [
        Config::without_failure_rate,
        Config::without_slow_calls,
        Config::without_consecutive,
        Config::without_trip_when,
    ];
    let rules = |config: &Config| {
        [
            config.get_failure_rate().is_some(),
            config.get_slow_calls().is_some(),
            config.get_consecutive().is_some(),
            config.get_trip_when() == Some(&own),
        ]
    };
    for kept in 0..4 {
        let builder = CircuitBreaker::builder("payments").config(config.clone());
        let breaker = builder.build().unwrap();
        for (rule, take_away) in take_away.iter().enumerate() {
            assert!(rules(&breaker.config())[rule]);
            if rule != kept {
                breaker.reconfigure(take_away(breaker.config())).unwrap();
            }
        }
        assert_eq!(rules(&breaker.config()), [0, 1, 2, 3].map(|rule| rule == kept));
        fail(&breaker);
        let expected = if kept == 1 { State::Closed } else { State::Open };
        assert_eq!(at(&breaker).1, expected, "{kept}");
        let breaker = CircuitBreaker::builder("payments").config(take_away[kept](breaker.config()));
        let breaker = breaker.build().unwrap();
        (0..100).for_each(|_| fail(&breaker));
        assert_eq!(at(&breaker).1, State::Closed);
    }
    // The one by default as well.
    let none = Config::default().without_failure_rate();
    assert_eq!(none, Config::default().without_rules());
    assert_eq!(none.trip(FailureRate::at_least(0.5)), Config::default());
}

/// What was set is what is said.
#[test]
fn a_configuration_says_what_it_is() {
    let half_open = HalfOpen::rate(10, 0.3).at_once(2).lease(7 * SECOND).ramp([0.25, 0.5]);
    let backoff = Backoff::constant(4 * SECOND);
    let weights = DropWeights::DEFAULT.with(DropCause::CallerGone, 0.5);
    let config = Config::default()
        .window(Window::last(30 * SECOND))
        .trip(FailureRate::at_least(0.25).min_calls(7))
        .trip(SlowCalls::longer_than(2 * SECOND).rate(0.75).min_calls(8))
        .trip(Consecutive::failures(9))
        .half_open(half_open.clone())
        .open_for(backoff)
        .max_pushback(11 * SECOND)
        .drop_weights(weights);
    let window = config.get_window();
    assert_eq!((window.get_calls(), window.get_length()), (None, Some(30 * SECOND)));
    assert_eq!((Window::calls(5).get_calls(), Window::calls(5).get_length()), (Some(5), None));
    let rate = config.get_failure_rate().unwrap();
    assert_eq!((rate.get_rate(), rate.get_min_calls()), (0.25, Some(7)));
    let slow = config.get_slow_calls().unwrap();
    let expected = (2 * SECOND, 0.75, Some(8));
    assert_eq!((slow.get_limit(), slow.get_rate(), slow.get_min_calls()), expected);
    assert_eq!(config.get_consecutive().unwrap().get_failures(), 9);
    assert_eq!((config.get_half_open(), config.get_open_for()), (&half_open, backoff));
    assert_eq!((half_open.get_rate(), half_open.get_successes()), (Some((10, 0.3)), None));
    assert_eq!((half_open.get_at_once(), half_open.get_lease()), (2, 7 * SECOND));
    assert_eq!(half_open.get_ramp(), [0.25, 0.5]);
    let few = HalfOpen::consecutive(4);
    assert_eq!((few.get_rate(), few.get_successes()), (None, Some(4)));
    assert_eq!((config.get_max_pushback(), config.get_drop_weights()), (11 * SECOND, weights));
    assert!(!config.has_open_by() && config.open_by(|it| it.backoff).has_open_by());
    assert!(Config::default().get_trip_when().is_none());
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
