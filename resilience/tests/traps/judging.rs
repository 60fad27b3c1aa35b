//! When it opens and for how long: traps 1, 11, 13, 15, 16 and 18.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{Request, Response};
use mainstay_core::{Clock, ManualClock};
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{CircuitBreaker, Consecutive, FailureRate, State, Window};
use mainstay_resilience::classify::{HttpClassifier, Verdict};
use tower::{Layer, ServiceExt, service_fn};

use super::{SECOND, counting, counts, fail, quick, state, succeed};

/// After ten thousand successes others took ten thousand failures to open.
#[test]
fn trap_01_fake_sliding_window() {
    for health in [10, 1_000, 10_000] {
        let builder = CircuitBreaker::builder("trap").window(Window::calls(10));
        let breaker = builder.trip(FailureRate::at_least(0.5).min_calls(10)).build().unwrap();
        (0..health).for_each(|_| succeed(&breaker));
        (0..4).for_each(|_| fail(&breaker));
        assert_eq!(state(&breaker), State::Closed, "{health}");
        fail(&breaker);
        assert_eq!(state(&breaker), State::Open, "{health}");
    }
}

#[test]
fn trap_11_lost_updates() {
    const THREADS: u16 = 8;
    const CALLS: u16 = 1_500;
    let total = u32::from(THREADS * CALLS);
    let hour = Window::last(Duration::from_secs(3_600));
    for window in [Window::calls(THREADS * CALLS), hour] {
        let breaker = counting(1).window(window).clock(ManualClock::new()).build().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                let breaker = breaker.clone();
                scope.spawn(move || {
                    for call in 0..CALLS {
                        if call % 3 == 0 { fail(&breaker) } else { succeed(&breaker) }
                    }
                });
            }
        });
        assert_eq!(counts(&breaker), (total, total / 3));
    }
}

/// Failures in a row are seen by whichever thread has the last of them.
#[test]
fn trap_11_no_failure_in_a_row_is_lost() {
    const THREADS: u32 = 8;
    const CALLS: u32 = 500;
    let rule = Consecutive::failures(THREADS * CALLS);
    let breaker = counting(10).trip(rule).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..CALLS).for_each(|_| fail(&breaker)));
        }
    });
    assert_eq!((state(&breaker), breaker.status().epoch), (State::Open, 1));
}

/// A fleet that opens at once would probe at once.
#[test]
fn trap_13_herd() {
    let waits = |verdict: Verdict| {
        let wait = |_| {
            let breaker = CircuitBreaker::builder("trap").clock(ManualClock::new());
            let breaker = breaker.build().unwrap();
            (0..20).for_each(|_| breaker.try_acquire().unwrap().finish(verdict));
            breaker.snapshot().wait.unwrap()
        };
        (0..100).map(wait).collect::<BTreeSet<_>>()
    };
    let pushback = mainstay_core::Pushback::After(30 * SECOND);
    let pushed = waits(Verdict::failure().with_pushback(Some(pushback)));
    let own = waits(Verdict::failure());
    for (waits, from, to) in [(own, 4, 6), (pushed, 30, 33)] {
        assert!(waits.len() > 90, "{}", waits.len());
        let (first, last) = (*waits.first().unwrap(), *waits.last().unwrap());
        assert!(first >= from * SECOND && last <= to * SECOND, "{first:?} to {last:?}");
        assert!(last > first + (to - from) * SECOND / 2, "{first:?} to {last:?}");
    }
}

/// An average over the time between calls hides a burst of failures.
#[test]
fn trap_15_burst_outage() {
    for window in [Window::calls(100), Window::last(10 * SECOND)] {
        let clock = ManualClock::new();
        let builder = CircuitBreaker::builder("trap").window(window).clock(clock.clone());
        let breaker = builder.build().unwrap();
        for _ in 0..36_000 {
            clock.advance(SECOND / 10);
            succeed(&breaker);
        }
        let failures = (1..=100).find(|_| {
            clock.advance(Duration::from_micros(10));
            fail(&breaker);
            state(&breaker) == State::Open
        });
        assert!(failures >= Some(50), "{failures:?}");
    }
}

#[test]
fn trap_16_the_time_to_be_open_grows_and_shrinks() {
    let clock = ManualClock::new();
    let backoff = Backoff::exponential().base(SECOND).cap(8 * SECOND).jitter(Jitter::None);
    let breaker = quick().open_for(backoff).clock(clock.clone()).build().unwrap();
    let open = || {
        fail(&breaker);
        let wait = breaker.snapshot().wait.unwrap();
        clock.advance(wait);
        wait.as_secs()
    };
    // It does not recover.
    assert_eq!([open(), open(), open(), open(), open()], [1, 2, 4, 8, 8]);
    // It recovers, but only for a moment.
    let recover = || (0..3).for_each(|_| succeed(&breaker));
    recover();
    assert_eq!(state(&breaker), State::Closed);
    assert_eq!(open(), 8);
    // For each time that it was well as long as it was down, a step back: six were made.
    recover();
    clock.advance(4 * 8 * SECOND);
    assert_eq!(open(), 4);
    recover();
    clock.advance(3_600 * SECOND);
    assert_eq!(open(), 1);
}

/// Its calendar can be set.
#[derive(Clone)]
struct Calendar {
    clock: ManualClock,
    date: Arc<Mutex<SystemTime>>,
}

impl Calendar {
    fn new() -> Self {
        let date = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        Self { clock: ManualClock::new(), date: Arc::new(Mutex::new(date)) }
    }

    fn set(&self, change: impl FnOnce(SystemTime) -> SystemTime) {
        let mut date = self.date.lock().unwrap();
        *date = change(*date);
    }
}

impl Clock for Calendar {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        *self.date.lock().unwrap()
    }
}

/// "Come back at 01:47:10" is half a minute, whatever the calendar says later.
#[tokio::test(start_paused = true)]
async fn trap_18_wall_clock() {
    const DATE: &str = "Sun, 09 Sep 2001 01:47:10 GMT";
    for jump in [-3_600_i64, 3_600] {
        let clock = Calendar::new();
        let breaker = quick().clock(clock.clone()).build().unwrap();
        let layer = breaker.http_layer().classify_http(HttpClassifier::with_clock(clock.clone()));
        let service = layer.layer(service_fn(async |_: Request<()>| {
            let busy = Response::builder().status(503).header("retry-after", DATE);
            Ok::<_, std::convert::Infallible>(busy.body(String::new()).unwrap())
        }));
        let _ = service.oneshot(Request::new(())).await.unwrap();
        let wait = breaker.snapshot().wait.unwrap();
        assert!((30 * SECOND..=33 * SECOND).contains(&wait), "{wait:?}");

        let by = Duration::from_secs(jump.unsigned_abs());
        clock.set(|date| if jump < 0 { date - by } else { date + by });
        assert_eq!(breaker.snapshot().wait, Some(wait));
        assert!(breaker.try_acquire().is_err());
        clock.clock.advance(wait);
        succeed(&breaker);
        assert_eq!(state(&breaker), State::HalfOpen);
    }
}
