//! Retries around a closure: what is tried again, when, and what becomes of a call that is dropped.

#![cfg(test)]

use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use mainstay_core::{Deadline, Pushback};
use mainstay_resilience::Rejected;
use mainstay_resilience::backoff::{Backoff, SeededRandom};
use mainstay_resilience::budget::{Budget, Ratio, Tokens};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::retry::{Attempt, Event, GaveUp, Retry, retry};
use tokio::time::{Instant, sleep};

const DELAY: Duration = Duration::from_millis(100);

fn policy() -> Retry {
    Retry::new(Backoff::constant(DELAY)).attempts(3)
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn in_time(after: Duration) -> Deadline {
    Deadline::after(now(), after)
}

/// No reserve: what there is, calls have brought in.
fn strict(share: f64) -> Budget {
    Budget::new(Ratio::new(share).min_per_second(0))
}

#[tokio::test(start_paused = true)]
async fn it_tries_again_until_it_goes_well() {
    let start = Instant::now();
    let flaky = async |attempt: Attempt| {
        if attempt.number() < 3 { Err("busy") } else { Ok(attempt.number()) }
    };
    assert_eq!(policy().run(flaky).await, Ok(3));
    assert_eq!(start.elapsed(), 2 * DELAY);
    assert_eq!(retry(policy().attempts(2)).run(flaky).await, Err("busy"));
}

#[tokio::test(start_paused = true)]
async fn the_last_error_is_the_result() {
    let made = policy().run(async |attempt| Err::<(), _>(attempt.number())).await;
    assert_eq!(made, Err(3));
    for single in [0, 1] {
        let made = policy().attempts(single).run(async |it| Err::<(), _>(it.number())).await;
        assert_eq!(made, Err(1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_transient_is_not_tried_again() {
    let judged = policy().classify(|result: &Result<(), &str>| match result {
        Err("busy") => Verdict::transient(),
        Err("gone") => Verdict::transient().with_pushback(Some(Pushback::Stop)),
        Err("later") => Verdict::transient().with_pushback(Some(Pushback::After(20 * DELAY))),
        Err(_) => Verdict::failure(),
        Ok(()) => Verdict::success(),
    });
    let judged = judged.max_pushback(30 * DELAY);
    for (error, attempts) in [("busy", 3), ("gone", 1), ("later", 3), ("wrong", 1)] {
        let (made, start) = (Cell::new(0), Instant::now());
        let call = async |_| {
            made.set(made.get() + 1);
            Err(error)
        };
        assert_eq!(judged.run(call).await, Err(error));
        assert_eq!(made.get(), attempts, "{error}");
        if error == "later" {
            assert!(start.elapsed() >= 40 * DELAY && start.elapsed() <= 44 * DELAY + DELAY);
            let hurried = judged.clone().max_pushback(19 * DELAY);
            made.set(0);
            assert_eq!(hurried.run(call).await, Err(error));
            assert_eq!(made.get(), 1);
        }
    }
}

/// Clients that were all told the same do not come back at the same moment.
#[tokio::test(start_paused = true)]
async fn a_pushback_is_spread() {
    let told = policy().random(SeededRandom::new(3)).classify(|_: &Result<(), ()>| {
        Verdict::transient().with_pushback(Some(Pushback::After(Duration::from_secs(10))))
    });
    let mut waits = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let start = Instant::now();
        let _ = told.run(async |_| Err(())).await;
        waits.insert(start.elapsed().as_millis());
    }
    assert!(waits.len() > 15, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn the_time_of_attempts_counts() {
    let limited = policy().backoff(Backoff::constant(DELAY).attempts(9).max_elapsed(10 * DELAY));
    let start = Instant::now();
    let slow = async |attempt: Attempt| {
        sleep(4 * DELAY).await;
        Err::<(), _>(attempt.number())
    };
    // They begin after 0, 5 and 10 delays; the fourth would after 15.
    assert_eq!(limited.run(slow).await, Err(3));
    assert_eq!(start.elapsed(), 14 * DELAY);
}

/// aws-sdk-rust#1234: the bucket was silently absent.
#[tokio::test(start_paused = true)]
async fn trap_a_budget_limits_all_calls_together() {
    for (budget, retries) in [(strict(0.1), 10), (strict(0.0), 0), (Budget::new(TOKENS), 4)] {
        let (policy, made) = (policy().budget(budget), Cell::new(0));
        for _ in 0..100 {
            let clone = policy.clone();
            let call = clone.run(async |_| {
                made.set(made.get() + 1);
                Err::<(), _>("down")
            });
            assert_eq!(call.await, Err("down"));
        }
        assert_eq!(made.get() - 100, retries);
    }
}

const TOKENS: Tokens = Tokens::DEFAULT.capacity(20);

/// Threads that call at once take no more out than there is.
#[test]
fn trap_11_the_budget_is_exact_under_contention() {
    const THREADS: u64 = 8;
    const CALLS: u64 = 500;
    let policy = Retry::new(Backoff::constant(Duration::ZERO)).attempts(2).budget(strict(0.1));
    let retries = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    let mut call = pin!(policy.run(async |attempt| {
                        let retry = u64::from(attempt.is_retry());
                        retries.fetch_add(retry, std::sync::atomic::Ordering::Relaxed);
                        Err::<(), _>(())
                    }));
                    let mut cx = Context::from_waker(Waker::noop());
                    assert!(call.as_mut().poll(&mut cx).is_ready());
                }
            });
        }
    });
    let made = retries.into_inner();
    let allowed = THREADS * CALLS / 10;
    assert!(made <= allowed && made > allowed / 2, "{made} of {allowed}");
}

#[tokio::test(start_paused = true)]
async fn success_pays_back() {
    let budget = Budget::new(TOKENS);
    let policy = policy().budget(budget.clone());
    let second = async |attempt: Attempt| {
        if attempt.is_retry() { Ok(()) } else { Err(()) }
    };
    assert_eq!(policy.run(second).await, Ok(()));
    assert_eq!(budget.remaining(now()), 4);
    let _ = policy.run(async |_| Err::<(), _>(())).await;
    assert_eq!(budget.remaining(now()), 2);
    for _ in 0..5 {
        let _ = policy.run(async |_| Ok::<_, ()>(())).await;
    }
    assert_eq!(budget.remaining(now()), 3);
}

/// An attempt that was cut off is charged as a timeout.
#[tokio::test(start_paused = true)]
async fn attempts_can_be_cut_off() {
    let budget = Budget::new(TOKENS);
    let policy = policy().budget(budget.clone());
    let timed = || retry(&policy).attempt_timeout(DELAY);
    let hang = timed().run(async |_| pending::<Result<(), &str>>().await).await;
    assert!(matches!(hang, Err(Rejected::Rejection(_))));
    assert_eq!(budget.remaining(now()), 0);

    let start = Instant::now();
    let late = async |attempt: Attempt| {
        sleep(if attempt.is_retry() { DELAY / 2 } else { 2 * DELAY }).await;
        Ok::<_, &str>(attempt.number())
    };
    assert_eq!(timed().run(late).await, Err(Rejected::Rejection(elapsed().await)));
    let free = retry(self::policy()).attempt_timeout(DELAY).run(late).await;
    assert_eq!(free, Ok(2));
    assert_eq!(start.elapsed().as_millis(), 100 + 100 + 100 + 50 + 1);
    let own = timed().run(async |_| Err::<(), _>("own")).await;
    assert_eq!(own, Err(Rejected::Inner("own")));
}

async fn elapsed() -> mainstay_resilience::timeout::Elapsed {
    mainstay_resilience::timeout::timeout(Duration::from_millis(1), pending::<()>())
        .await
        .unwrap_err()
}

/// No attempt begins that the deadline cannot carry, and the caller has its error at once.
#[tokio::test(start_paused = true)]
async fn a_deadline_is_minded() {
    let policy = policy();
    let takes = |time: Duration| {
        move |attempt: Attempt| async move {
            sleep(time).await;
            Err::<(), _>(attempt.number())
        }
    };
    // What attempts take: ten delays.
    let far = in_time(1000 * DELAY);
    assert_eq!(retry(&policy).deadline(far).run(takes(10 * DELAY)).await, Err(3));
    for (left, attempts) in [(22, 2), (21, 2), (20, 1), (5, 1)] {
        let call = retry(&policy).deadline(in_time(left * DELAY));
        assert_eq!(call.run(takes(10 * DELAY)).await, Err(attempts), "{left}");
    }
    let start = Instant::now();
    assert_eq!(retry(&policy).deadline(in_time(DELAY * 2)).run(takes(DELAY)).await, Err(1));
    assert_eq!(start.elapsed(), DELAY);
    assert_eq!(retry(&policy).deadline(None).run(takes(DELAY)).await, Err(3));
}

/// Before or after the limit of each attempt.
#[tokio::test(start_paused = true)]
async fn a_deadline_and_a_limit_go_together_in_either_order() {
    for first in [false, true] {
        let policy = policy();
        let deadline = in_time(4 * DELAY);
        let call = if first {
            retry(&policy).deadline(deadline).attempt_timeout(DELAY)
        } else {
            retry(&policy).attempt_timeout(DELAY).deadline(deadline)
        };
        let (made, start) = (Cell::new(0), Instant::now());
        let hang = async |_| {
            made.set(made.get() + 1);
            pending::<Result<(), &str>>().await
        };
        assert!(matches!(call.run(hang).await, Err(Rejected::Rejection(_))));
        // The third would begin when there is nothing left.
        assert_eq!((made.get(), start.elapsed()), (2, 3 * DELAY), "{first}");
    }
}

/// Clones know what the others have seen.
#[tokio::test(start_paused = true)]
async fn what_attempts_take_is_known_to_clones() {
    let policy = policy();
    for _ in 0..3 {
        let slow = retry(&policy).deadline(in_time(1000 * DELAY));
        let _ = slow
            .run(async |_| {
                sleep(10 * DELAY).await;
                Ok::<_, ()>(())
            })
            .await;
    }
    let hurried = retry(policy.clone()).deadline(in_time(5 * DELAY));
    let made = hurried.run(async |attempt| Err::<(), _>(attempt.number())).await;
    assert_eq!(made, Err(1));
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_told_what_follows() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let policy = policy().observe(move |event| told.lock().unwrap().push(*event));
    let _ = policy.run(async |_| Ok::<_, ()>(())).await;
    assert!(events.lock().unwrap().is_empty());
    let _ = policy.run(async |_| Err::<(), _>(())).await;
    let events = std::mem::take(&mut *events.lock().unwrap());
    assert!(matches!(events[0], Event::Retrying { attempt, delay: DELAY, pushed_back: false, .. }
        if attempt.number() == 2));
    assert!(matches!(events[1], Event::Retrying { attempt, .. } if attempt.number() == 3));
    assert!(matches!(events[2], Event::GaveUp { attempt, reason: GaveUp::Attempts, .. }
        if attempt.number() == 3));
    assert_eq!(events.len(), 3);
}

/// Outside of a runtime a timer would panic: none is armed where there is nothing to wait for.
#[test]
fn trap_14_a_call_that_is_ready_needs_no_timer() {
    let mut cx = Context::from_waker(Waker::noop());
    let first = policy();
    let mut first = pin!(first.run(async |_| Ok::<_, ()>(7)));
    assert_eq!(first.as_mut().poll(&mut cx), std::task::Poll::Ready(Ok(7)));
    let at_once = Retry::new(Backoff::constant(Duration::ZERO)).attempts(3);
    let mut third = pin!(at_once.run(async |attempt| Err::<(), _>(attempt.number())));
    assert_eq!(third.as_mut().poll(&mut cx), std::task::Poll::Ready(Err(3)));
}

/// Attempts that fail at once leave other tasks their turn.
#[tokio::test(start_paused = true)]
async fn endless_attempts_keep_nobody_waiting() {
    let endless = Retry::new(Backoff::constant(Duration::ZERO).unlimited_attempts());
    let call = endless.run(async |_| Err::<(), _>(()));
    tokio::select! {
        biased;
        _ = call => panic!("it has ended"),
        () = tokio::task::yield_now() => {}
    }
}

/// A call dropped at any await drops the attempt that runs, and leave for one that was not made
/// goes back.
#[tokio::test(start_paused = true)]
async fn dropped_at_any_await_it_settles_its_leave() {
    // Attempts and waits take turns, each with a poll.
    for (polls, spent) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 2)] {
        let budget = Budget::new(TOKENS);
        let policy = policy().budget(budget.clone());
        let held = Arc::new(());
        let mut call = Box::pin(policy.run(|_| {
            let guard = Arc::clone(&held);
            async move {
                tokio::task::yield_now().await;
                drop(guard);
                Err::<(), _>(())
            }
        }));
        for poll in 0..polls {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut cx).is_pending(), "{poll}");
            tokio::time::advance(2 * DELAY).await;
        }
        drop(call);
        assert_eq!(Arc::strong_count(&held), 1, "{polls}");
        let expected = [4, 3, 2][spent];
        assert_eq!(budget.remaining(now()), expected, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_sent_to_another_task() {
    let policy = policy();
    let call = retry(policy).run(|attempt| async move {
        sleep(DELAY).await;
        if attempt.is_retry() { Ok(attempt.number()) } else { Err("busy") }
    });
    assert_eq!(tokio::spawn(call).await.unwrap(), Ok(2));
}

/// It allocates nothing, neither by itself nor for a budget.
#[test]
fn success_allocates_nothing() {
    let mut cx = Context::from_waker(Waker::noop());
    for budget in [Budget::ratio(0.1), Budget::tokens()] {
        let policy = policy().budget(budget);
        let counted = allocation_counter::measure(|| {
            let mut call = pin!(policy.run(async |_| Ok::<_, ()>(())));
            assert!(call.as_mut().poll(&mut cx).is_ready());
        });
        assert_eq!(counted.count_total, 0);
    }
}
