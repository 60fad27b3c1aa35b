//! What it tells, and to whom: traps 12 and 17.

use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::task::{Context, Waker};

use mainstay_core::ManualClock;
use mainstay_resilience::breaker::{CircuitBreaker, Event, Mode, State, Status};
use tokio::runtime::Handle;

use super::{SECOND, fail, quick, state, succeed};

/// What it saw in the breaker when it was told.
#[derive(Default)]
struct Meddler {
    breaker: OnceLock<CircuitBreaker>,
    seen: Mutex<Vec<(Status, Status, bool)>>,
}

impl Meddler {
    /// Does all that can be done with a breaker.
    fn told(&self, event: &Event) {
        let (Some(breaker), Event::Changed { to, .. }) = (self.breaker.get(), event) else {
            return;
        };
        let now = breaker.snapshot().status;
        let admitted = breaker.try_acquire().map(mainstay_resilience::permit::Permit::give_back);
        self.seen.lock().unwrap().push((*to, now, admitted.is_ok()));
        breaker.reconfigure(breaker.config()).unwrap();
        let _ = breaker.states().current();
        let call = breaker.call(std::future::ready(Ok::<_, ()>(())));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::pin::pin!(call).poll(&mut cx).is_ready());
        if to.state == State::Open {
            breaker.set_mode(Mode::Shadow);
        }
    }
}

/// An observer may use the breaker, and sees what it was told of: it is told after the lock.
#[test]
fn trap_12_events_under_the_lock() {
    within_a_minute(an_observer_that_meddles);
}

/// A deadlock is a failure, and not a test that never ends.
fn within_a_minute(test: fn()) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        sender.send(()).unwrap();
    });
    let ended = receiver.recv_timeout(60 * SECOND);
    assert_ne!(ended, Err(mpsc::RecvTimeoutError::Timeout), "it waits for itself");
    thread.join().unwrap();
}

fn an_observer_that_meddles() {
    let (meddler, clock) = (Arc::new(Meddler::default()), ManualClock::new());
    let told = Arc::clone(&meddler);
    let builder = quick().clock(clock.clone()).observer(move |event: &Event| told.told(event));
    let breaker = builder.build().unwrap();
    meddler.breaker.set(breaker.clone()).unwrap();
    fail(&breaker);
    let seen = std::mem::take(&mut *meddler.seen.lock().unwrap());
    // Opened, and from in there gone over to looking on.
    assert_eq!(seen.len(), 2);
    for (told, found, _) in &seen {
        assert_eq!(told, found);
    }
    assert_eq!([seen[0].2, seen[1].2], [false, true]);
    let status = breaker.status();
    assert_eq!((status.mode, status.state, status.epoch), (Mode::Shadow, State::Open, 1));
    assert_eq!(breaker.states().current(), status);

    breaker.set_mode(Mode::Auto);
    clock.advance(SECOND);
    succeed(&breaker);
    assert!(!meddler.seen.lock().unwrap().is_empty());
}

/// Threads that open it, and observers that ask it, do not wait for each other for ever.
#[test]
fn trap_12_observers_on_many_threads() {
    within_a_minute(observers_that_meddle);
}

fn observers_that_meddle() {
    let meddler = Arc::new(Meddler::default());
    let told = Arc::clone(&meddler);
    let builder = quick().observer(move |event: &Event| told.told(event));
    let breaker = builder.build().unwrap();
    meddler.breaker.set(breaker.clone()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    breaker.set_mode(Mode::Disabled);
                    breaker.set_mode(Mode::Auto);
                    if let Ok(permit) = breaker.try_acquire() {
                        permit.finish(mainstay_resilience::classify::Verdict::failure());
                    }
                }
            });
        }
    });
    assert_eq!(breaker.states().current(), breaker.status());
}

/// They end when the breaker does, and stay at their end.
#[tokio::test(start_paused = true)]
async fn trap_17_closed_channel() {
    let clock = ManualClock::new();
    let breaker = quick().clock(clock.clone()).build().unwrap();
    let (mut states, clone) = (breaker.states(), breaker.clone());
    fail(&breaker);
    assert_eq!(states.changed().await.unwrap().state, State::Open);
    let permit_of_the_last_call = {
        clock.advance(SECOND);
        breaker.try_acquire().unwrap()
    };
    drop((breaker, clone));
    assert_eq!(states.changed().await.unwrap().state, State::HalfOpen);
    // A call on its way keeps it.
    let mut changed = Box::pin(states.changed());
    assert!(changed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(permit_of_the_last_call);
    assert_eq!(changed.await.unwrap().state, State::Open);
    for _ in 0..3 {
        assert_eq!(states.changed().await, None);
    }
}

/// Nothing runs in the background that could fall behind, or outlive it.
#[tokio::test(start_paused = true)]
async fn trap_17_background_task() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let breaker = quick().build().unwrap();
    let mut states = breaker.states();
    let _ = breaker.call(async { Err::<(), _>("down") }).await;
    assert_eq!((state(&breaker), tasks()), (State::Open, 0));
    tokio::time::sleep(SECOND).await;
    for _ in 0..3 {
        assert_eq!(breaker.call(async { Ok::<_, &str>(tasks()) }).await, Ok(0));
    }
    assert_eq!((state(&breaker), tasks()), (State::Closed, 0));
    assert_eq!(states.changed().await.unwrap().state, State::Closed);
}
