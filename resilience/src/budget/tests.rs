//! Both ledgers against slow models, and what they promise against the true times.

use std::time::{Duration, Instant};

use mainstay_core::{Clock, ManualClock};
use proptest::prelude::*;

use super::*;

fn spend(budget: &Budget, now: Instant) -> bool {
    budget.try_withdraw(now, Cause::Failure).is_ok()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Calls(u8),
    Retry,
    GiveBack(prop::sample::Index),
    Advance(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let millis = prop_oneof![8 => 0_u64..2500, 1 => 9_000_u64..12_000, 1 => 0_u64..1 << 40];
    let step = prop_oneof![
        3 => (1_u8..40).prop_map(Step::Calls),
        4 => Just(Step::Retry),
        1 => any::<prop::sample::Index>().prop_map(Step::GiveBack),
        3 => millis.prop_map(Step::Advance),
    ];
    prop::collection::vec(step, 0..200)
}

/// A list of all calls and all retries, with the second of each. Windows are 10 s long, so that a
/// tick is a second.
#[derive(Default)]
struct Model {
    now_millis: u64,
    calls: Vec<u64>,
    retries: Vec<u64>,
    per_cent: u64,
    reserve: u64,
}

impl Model {
    fn now(&self) -> u64 {
        self.now_millis / 1000
    }

    /// Every sixteenth call in a second looks at the time, the others follow the one before.
    fn call(&mut self) {
        let latest = self.calls.last().copied().unwrap_or(0);
        let in_latest = self.calls.iter().filter(|it| **it == latest).count();
        self.calls.push(if in_latest.is_multiple_of(16) { self.now() } else { latest });
    }

    fn recent(&self, of: &[u64]) -> u64 {
        of.iter().filter(|it| **it + 10 > self.now()).count() as u64
    }

    fn remaining(&self) -> u64 {
        let allowed = self.recent(&self.calls) * self.per_cent / 100 + self.reserve;
        allowed.saturating_sub(self.recent(&self.retries))
    }

    fn retry(&mut self) -> bool {
        let allowed = self.remaining() > 0;
        if allowed {
            self.retries.push(self.now());
        }
        allowed
    }
}

fn per_cent(per_cent: u64, min_per_second: u32) -> Budget {
    let share = f64::from(u32::try_from(per_cent).unwrap()) / 100.0;
    Budget::new(Ratio::new(share).min_per_second(min_per_second))
}

proptest! {
    #[test]
    fn a_ratio_is_a_list_of_what_happened(share in 0_u64..300, min in 0_u32..2, steps in steps()) {
        let clock = ManualClock::new();
        let start = clock.now();
        let budget = per_cent(share, min);
        // Ticks begin with the first time that is heard of.
        prop_assert_eq!(budget.remaining(start), u64::from(min) * 10);
        let mut model =
            Model { per_cent: share, reserve: u64::from(min) * 10, ..Model::default() };
        let mut permits = Vec::new();
        for step in steps {
            match step {
                Step::Calls(calls) => for _ in 0..calls {
                    budget.call_started(|| clock.now());
                    model.call();
                },
                Step::Retry => {
                    let permit = budget.try_withdraw(clock.now(), Cause::Timeout).ok();
                    prop_assert_eq!(permit.is_some(), model.retry());
                    permits.extend(permit);
                }
                Step::GiveBack(index) => if !permits.is_empty() {
                    let index = index.index(permits.len());
                    permits.remove(index).give_back();
                    model.retries.remove(index);
                },
                Step::Advance(millis) => {
                    clock.advance(Duration::from_millis(millis));
                    model.now_millis += millis;
                }
            }
            prop_assert_eq!(budget.remaining(clock.now()), model.remaining());
        }
    }

    /// What is promised, with the true times: in nine seconds, no more retries than the share of
    /// the calls of ten seconds and the reserve.
    #[test]
    fn retries_never_exceed_their_share(share in 0_u64..300, min in 0_u32..2, steps in steps()) {
        let clock = ManualClock::new();
        let budget = per_cent(share, min);
        let (mut now, mut calls, mut retries) = (0_u64, Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Calls(count) => for _ in 0..count {
                    budget.call_started(|| clock.now());
                    calls.push(now);
                },
                Step::Retry | Step::GiveBack(_) => if spend(&budget, clock.now()) {
                    retries.push(now);
                    let within = |of: &[u64], millis| {
                        of.iter().filter(|it| **it + millis > now).count() as u64
                    };
                    let allowed = within(&calls, 10_000) * share / 100 + u64::from(min) * 10;
                    prop_assert!(within(&retries, 9_000) <= allowed);
                },
                Step::Advance(millis) => {
                    clock.advance(Duration::from_millis(millis));
                    now += millis;
                }
            }
        }
    }

    /// Counted in thousandths: whole numbers, as the model's arithmetic must be beyond doubt.
    #[test]
    fn a_bucket_is_a_sum(
        capacity in 0_u32..50, cost in 0_u32..8, timeout in 0_u32..12, refund in 0_u32..4000,
        steps in prop::collection::vec(0_u8..5, 0..200),
    ) {
        let now = ManualClock::new().now();
        let config = Tokens::DEFAULT.capacity(capacity).retry_cost(cost).timeout_cost(timeout)
            .refund(f64::from(refund) / 1000.0);
        let budget = Budget::new(config);
        let capacity = u64::from(capacity) * 1000;
        let mut tokens = capacity;
        for step in steps {
            let (cause, cost) = match step {
                0 | 1 => (Cause::Failure, u64::from(cost) * 1000),
                2 | 3 => (Cause::Timeout, u64::from(timeout) * 1000),
                _ => {
                    budget.call_succeeded();
                    tokens = (tokens + u64::from(refund)).min(capacity);
                    continue;
                }
            };
            let permit = budget.try_withdraw(now, cause).ok();
            prop_assert_eq!(permit.is_some(), tokens >= cost);
            // Every second one succeeds, and its tokens come back.
            match permit {
                Some(permit) if step % 2 == 1 => permit.succeeded(),
                Some(_) => tokens -= cost,
                None => {}
            }
            let remaining = tokens.checked_div(u64::from(config.retry_cost) * 1000);
            prop_assert_eq!(budget.remaining(now), remaining.unwrap_or(u64::MAX));
        }
    }

    #[test]
    fn nothing_panics(
        share in prop::num::f64::ANY, min: u32, window: Duration, refund in prop::num::f64::ANY,
        capacity: u32, cost: u32, by: Duration,
    ) {
        let clock = ManualClock::new();
        let tokens = Tokens::DEFAULT.capacity(capacity).retry_cost(cost).refund(refund);
        let ratio = Ratio::new(share).min_per_second(min).window(window);
        for budget in [Budget::new(ratio), Budget::new(tokens)] {
            for _ in 0..3 {
                budget.call_started(|| clock.now());
                budget.call_succeeded();
                let _ = budget.remaining(clock.now());
                let permit = budget.try_withdraw(clock.now(), Cause::Failure);
                clock.advance(by);
                permit.map(Permit::give_back).ok();
            }
        }
    }
}

#[test]
fn in_a_lasting_outage_retries_are_the_share_of_the_calls() {
    let clock = ManualClock::new();
    let budget = per_cent(10, 0);
    let mut retries = 0;
    for _ in 0..60_000 {
        budget.call_started(|| clock.now());
        retries += u32::from(spend(&budget, clock.now()));
        clock.advance(Duration::from_millis(1));
    }
    assert!((5900..=6000).contains(&retries), "{retries}");
}

#[test]
fn few_calls_live_on_the_reserve() {
    let clock = ManualClock::new();
    let budget = per_cent(10, 1);
    assert_eq!((0..100).filter(|_| spend(&budget, clock.now())).count(), 10);
    clock.advance(Duration::from_secs(9));
    assert!(!spend(&budget, clock.now()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(budget.remaining(clock.now()), 10);
}

#[test]
fn a_clock_that_steps_back_gives_nothing_away() {
    let clock = ManualClock::new();
    let early = clock.now();
    let budget = per_cent(0, 1);
    clock.advance(Duration::from_secs(5));
    assert!(spend(&budget, early));
    assert_eq!((0..100).filter(|_| spend(&budget, clock.now())).count(), 9);
    assert!(!spend(&budget, early));
}

#[test]
fn numbers_out_of_range_are_brought_into_it() {
    let now = ManualClock::new().now();
    let second = Duration::from_secs(1);
    for share in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        assert_eq!(Ratio::new(share), Ratio::new(0.0), "{share}");
        assert_eq!(Tokens::DEFAULT.refund(share), Tokens::DEFAULT.refund(0.0), "{share}");
    }
    assert_eq!(Ratio::new(f64::INFINITY), Ratio::new(1000.0));
    assert_eq!(Ratio::DEFAULT.window(Duration::ZERO), Ratio::DEFAULT.window(second));
    assert_eq!(Ratio::DEFAULT.window(Duration::MAX), Ratio::DEFAULT.window(60 * second));
    let longest = Ratio::DEFAULT.min_per_second(u32::MAX).window(Duration::MAX);
    assert_eq!(Budget::new(longest).remaining(now), u64::from(u32::MAX) * 60);
    let budget = Budget::new(Tokens::DEFAULT.refund(f64::INFINITY));
    assert!(spend(&budget, now));
    budget.call_succeeded();
    assert_eq!(budget.remaining(now), 100);
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let now = ManualClock::new().now();
    assert_eq!(Budget::default().remaining(now), 100);
    assert_eq!(Budget::ratio(0.5).remaining(now), 100);
    let bucket = Budget::tokens();
    let withdrawn = (0..100).map_while(|_| bucket.try_withdraw(now, Cause::Timeout).ok());
    assert_eq!(withdrawn.count(), 50);
    (0..4).for_each(|_| bucket.call_succeeded());
    assert!(!spend(&bucket, now));
    bucket.call_succeeded();
    assert!(spend(&bucket, now));
}

/// Runs it on four threads, and adds up what each of them says.
fn on_four_threads(run: impl Fn() -> u64 + Sync) -> u64 {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(&run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn threads_get_exactly_what_is_there() {
    let clock = ManualClock::new();
    let budget = per_cent(50, 0);
    on_four_threads(|| {
        (0..10_000).for_each(|_| budget.call_started(|| clock.now()));
        0
    });
    let granted =
        on_four_threads(|| (0..10_000).map(|_| u64::from(spend(&budget, clock.now()))).sum());
    assert_eq!(granted, 20_000);
}

/// Trap 11: a refund of part of a token that is loaded, added and stored loses what others added.
#[test]
fn threads_lose_no_part_of_a_token() {
    let now = ManualClock::new().now();
    let budget = Budget::new(Tokens::DEFAULT.capacity(10_000).retry_cost(1).refund(0.1));
    assert_eq!((0..10_000).filter(|_| spend(&budget, now)).count(), 10_000);
    on_four_threads(|| {
        (0..10_000).for_each(|_| budget.call_succeeded());
        0
    });
    assert_eq!(budget.remaining(now), 4000);
}

#[test]
fn clones_share_and_nothing_allocates() {
    let clock = ManualClock::new();
    for budget in [per_cent(0, 1), Budget::tokens()] {
        let before = budget.remaining(clock.now());
        let counted = allocation_counter::measure(|| {
            let clone = budget.clone();
            clone.call_started(|| clock.now());
            let permit = clone.try_withdraw(clock.now(), Cause::Failure).unwrap();
            assert_eq!(budget.remaining(clock.now()), before - 1);
            permit.give_back();
            clone.call_succeeded();
        });
        assert_eq!(counted.count_total, 0);
        assert_eq!(budget.remaining(clock.now()), before);
    }
}

#[test]
fn a_ratio_is_the_one_that_is_asked_for() {
    let now = ManualClock::new().now();
    let [none, all] = [Budget::ratio(0.0), Budget::ratio(1.0)];
    let reserve = none.remaining(now);
    for _ in 0..100 {
        none.call_started(|| now);
        all.call_started(|| now);
    }
    assert_eq!((none.remaining(now), all.remaining(now)), (reserve, reserve + 100));
}
