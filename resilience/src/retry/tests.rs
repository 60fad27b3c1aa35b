//! The decisions of a call, against a model that keeps lists and counts.

use std::time::Duration;

use mainstay_core::{Clock, Deadline, ManualClock};
use proptest::prelude::*;

use super::core::Core;
use super::rules::Rules;
use super::*;
use crate::backoff::{Backoff, Jitter, RandomSource};
use crate::budget::Tokens;
use crate::classify::Verdict;
use mainstay_core::Pushback;

/// Draws the least there is.
struct Least;

impl RandomSource for Least {
    fn next_u64(&self) -> u64 {
        0
    }
}

#[derive(Clone, Copy, Debug)]
struct Config {
    attempts: u32,
    delay: u64,
    max_elapsed: Option<u64>,
    max_pushback: u64,
}

#[derive(Clone, Debug)]
struct Call {
    deadline: Option<u64>,
    nested: bool,
    attempts: Vec<End>,
    /// The retry with this number is not made: the future is dropped, or the service not ready.
    gives_up_before: Option<u32>,
    drops: bool,
}

#[derive(Clone, Copy, Debug)]
struct End {
    takes: u64,
    kind: Kind,
    pushback: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Success,
    Ignored,
    Failure,
    Transient,
    TimedOut,
    Stop,
}

impl End {
    fn verdict(self) -> Verdict {
        let after = self.pushback.map(|it| Pushback::After(Duration::from_millis(it)));
        match self.kind {
            Kind::Success => Verdict::success(),
            Kind::Ignored => Verdict::ignored(),
            Kind::Failure => Verdict::failure(),
            Kind::Transient => Verdict::transient().with_pushback(after),
            Kind::TimedOut => Verdict::timed_out().with_pushback(after),
            Kind::Stop => Verdict::transient().with_pushback(Some(Pushback::Stop)),
        }
    }
}

fn config() -> impl Strategy<Value = Config> {
    let limit = prop::option::of(0_u64..300);
    (1_u32..5, 0_u64..50, limit, 0_u64..100).prop_map(|(attempts, delay, max_elapsed, most)| {
        Config { attempts, delay, max_elapsed, max_pushback: most }
    })
}

fn end() -> impl Strategy<Value = End> {
    let kind = prop_oneof![
        2 => Just(Kind::Success),
        1 => Just(Kind::Ignored),
        1 => Just(Kind::Failure),
        6 => Just(Kind::Transient),
        2 => Just(Kind::TimedOut),
        1 => Just(Kind::Stop),
    ];
    let pushback = prop::option::weighted(0.2, 0_u64..120);
    (0_u64..60, kind, pushback).prop_map(|(takes, kind, pushback)| End { takes, kind, pushback })
}

fn call() -> impl Strategy<Value = Call> {
    let deadline = prop::option::of(0_u64..250);
    let gives_up = prop::option::weighted(0.2, 2_u32..5);
    let ends = prop::collection::vec(end(), 5);
    (deadline, prop::bool::weighted(0.1), ends, gives_up, any::<bool>()).prop_map(
        |(deadline, nested, attempts, gives_up_before, drops)| Call {
            deadline,
            nested,
            attempts,
            gives_up_before,
            drops,
        },
    )
}

const TOKENS: Tokens = Tokens::DEFAULT.capacity(12).retry_cost(2).timeout_cost(3).refund(1.0);

/// What a whole series of calls has come to so far.
struct Model {
    config: Config,
    tokens: u64,
    durations: Vec<u64>,
}

impl Model {
    /// The delays between the attempts of a call.
    fn call(&mut self, call: &Call) -> Vec<u64> {
        let (mut elapsed, mut delays, mut cost) = (0, Vec::new(), 0);
        for end in &call.attempts {
            elapsed += end.takes;
            if call.deadline.is_some() {
                self.durations.push(end.takes);
            }
            if end.kind == Kind::Success {
                let back = if delays.is_empty() { 1 } else { cost };
                self.tokens = (self.tokens + back).min(12);
            }
            let Some(delay) = self.next(call, *end, delays.len(), elapsed) else { break };
            cost = if end.kind == Kind::TimedOut { 3 } else { 2 };
            let number = u32::try_from(delays.len()).unwrap() + 2;
            delays.push(delay);
            elapsed += delay;
            if call.gives_up_before == Some(number) {
                break;
            }
            self.tokens -= cost;
        }
        delays
    }

    fn next(&self, call: &Call, end: End, retries: usize, elapsed: u64) -> Option<u64> {
        let transient = matches!(end.kind, Kind::Transient | Kind::TimedOut);
        if !transient || call.nested || retries + 1 == self.config.attempts as usize {
            return None;
        }
        let delay = match end.pushback {
            Some(wait) if wait > self.config.max_pushback => return None,
            Some(wait) => wait.max(self.config.delay),
            None => self.config.delay,
        };
        let begins = elapsed + delay;
        if self.config.max_elapsed.is_some_and(|most| begins > most) {
            return None;
        }
        if let Some(deadline) = call.deadline {
            let mut latest = self.durations.clone();
            latest.drain(..latest.len().saturating_sub(63));
            latest.sort_unstable();
            let median = latest.get(latest.len() / 2).copied().unwrap_or(0);
            if begins >= deadline || begins + median > deadline {
                return None;
            }
        }
        let cost = if end.kind == Kind::TimedOut { 3 } else { 2 };
        (self.tokens >= cost).then_some(delay)
    }
}

fn rules(config: Config, clock: &ManualClock) -> Rules {
    let delay = Duration::from_millis(config.delay);
    let mut backoff = Backoff::constant(delay).attempts(config.attempts);
    if let Some(most) = config.max_elapsed {
        backoff = backoff.max_elapsed(Duration::from_millis(most));
    }
    let policy = Retry::new(backoff)
        .budget(TOKENS)
        .random(Least)
        .clock(clock.clone())
        .max_pushback(Duration::from_millis(config.max_pushback));
    policy.rules
}

/// Plays a call, and returns the delays between its attempts.
fn play(rules: &Rules, clock: &ManualClock, call: &Call) -> Vec<u64> {
    let deadline = call.deadline.map(|it| Deadline::after(clock.now(), Duration::from_millis(it)));
    let mut core = Core::new(deadline);
    nested::nest(call.nested, || core.begin(rules));
    let mut delays = Vec::new();
    for end in &call.attempts {
        clock.advance(Duration::from_millis(end.takes));
        let Some(delay) = core.ended(rules, &end.verdict()) else { break };
        delays.push(u64::try_from(delay.as_millis()).unwrap());
        clock.advance(delay);
        let number = u32::try_from(delays.len()).unwrap() + 1;
        if call.gives_up_before == Some(number) {
            if !call.drops {
                core.abandon(rules, GaveUp::NotReady);
            }
            break;
        }
        assert_eq!(core.retry(rules).number(), number);
    }
    delays
}

proptest! {
    #[test]
    fn calls_are_tried_again_as_the_model_says(
        config in config(),
        calls in prop::collection::vec(call(), 1..40),
    ) {
        let clock = ManualClock::new();
        let rules = rules(config, &clock);
        let mut model = Model { config, tokens: 12, durations: Vec::new() };
        for call in &calls {
            prop_assert_eq!(play(&rules, &clock, call), model.call(call), "{:?}", call);
            let remaining = rules.budget.as_ref().map(|it| it.remaining(clock.now()));
            prop_assert_eq!(remaining, Some(model.tokens / 2));
        }
    }

    /// Told to come back, a client does not come early, nor much later, nor with all the others.
    #[test]
    fn a_pushback_is_a_lower_bound(wait in 0_u64..20_000, random: u64) {
        struct Fixed(u64);
        impl RandomSource for Fixed {
            fn next_u64(&self) -> u64 {
                self.0
            }
        }
        let rules = Retry::exponential().random(Fixed(random)).rules;
        let mut core = Core::new(None);
        core.begin(&rules);
        let told = Duration::from_millis(wait);
        let verdict = Verdict::transient().with_pushback(Some(Pushback::After(told)));
        let delay = core.ended(&rules, &verdict).unwrap();
        prop_assert!(told <= delay && delay <= (told + told / 10).max(Duration::from_millis(100)));
    }
}

/// What the other side says takes the place of one delay, and those after it are as they were.
#[test]
fn delays_go_on_growing_after_a_pushback() {
    let backoff = Backoff::exponential().jitter(Jitter::None);
    let rules = Retry::new(backoff).random(Least).rules;
    let mut core = Core::new(None);
    core.begin(&rules);
    let told = Verdict::transient().with_pushback(Some(Pushback::After(Duration::from_secs(3))));
    assert_eq!(core.ended(&rules, &told), Some(Duration::from_secs(3)));
    core.retry(&rules);
    assert_eq!(core.ended(&rules, &Verdict::transient()), Some(Duration::from_millis(200)));
}

/// A clock that nobody may look at.
struct Untouched;

impl Clock for Untouched {
    fn now(&self) -> std::time::Instant {
        panic!("nothing needs the time")
    }

    fn system_time(&self) -> std::time::SystemTime {
        panic!("nothing needs the time")
    }
}

#[test]
fn without_a_deadline_no_clock_is_read() {
    let rules = Retry::exponential().attempts(3).clock(Untouched).rules;
    let mut core = Core::new(None);
    core.begin(&rules);
    assert!(core.ended(&rules, &Verdict::transient()).is_some());
    core.retry(&rules);
    assert_eq!(core.ended(&rules, &Verdict::success()), None);
    assert_eq!(rules.durations.median(), None);
}

#[test]
fn no_attempt_begins_at_the_deadline_itself() {
    let delay = Duration::from_millis(10);
    for (left, begins) in [(10, false), (11, true)] {
        let clock = ManualClock::new();
        let rules = Retry::new(Backoff::constant(delay)).clock(clock.clone()).rules;
        let deadline = Deadline::after(clock.now(), Duration::from_millis(left));
        let mut core = Core::new(Some(deadline));
        core.begin(&rules);
        // It took no time: as far as the median goes, an attempt always fits.
        assert_eq!(core.ended(&rules, &Verdict::transient()).is_some(), begins);
    }
}

#[test]
fn the_most_attempts_there_are_do_not_overflow() {
    assert_eq!(Attempt::after(u32::MAX).number(), u32::MAX);
    assert_eq!(Attempt::after(u32::MAX).next().number(), u32::MAX);
}
