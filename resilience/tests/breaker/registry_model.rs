//! Which breakers are kept, against a list that is searched from end to end.

use std::time::Duration;

use mainstay_core::ManualClock;
use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers, Mode, Permit, State};
use mainstay_resilience::classify::Verdict;
use proptest::prelude::*;

use super::{at, counts, quick};

/// For so long a breaker opens, in milliseconds.
const OPEN_MS: u64 = 1_000;
/// For so long it is remembered that none can go.
const PAUSE_MS: u64 = 10;
const KEYS: u8 = 8;

#[derive(Clone, Debug)]
enum Step {
    Call { key: u8, fails: bool },
    Hold { key: u8, call: bool },
    Release { which: usize },
    Mode { key: u8, mode: Mode },
    Remove { key: u8 },
    Advance { millis: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS;
    let mode = proptest::sample::select(vec![Mode::Auto, Mode::Shadow]);
    let call = (key.clone(), proptest::bool::weighted(0.3));
    let step = prop_oneof![
        10 => call.prop_map(|(key, fails)| Step::Call { key, fails }),
        3 => (key.clone(), any::<bool>()).prop_map(|(key, call)| Step::Hold { key, call }),
        3 => (0..4_usize).prop_map(|which| Step::Release { which }),
        1 => (key.clone(), mode).prop_map(|(key, mode)| Step::Mode { key, mode }),
        1 => key.prop_map(|key| Step::Remove { key }),
        2 => (0..1_500_u64).prop_map(|millis| Step::Advance { millis }),
        2 => (0..15_u64).prop_map(|millis| Step::Advance { millis }),
    ];
    proptest::collection::vec(step, 1..150)
}

#[derive(Clone, Debug)]
struct Kept {
    key: u8,
    used: u64,
    calls: u32,
    open_until: Option<u64>,
    mode: Mode,
    /// Which of the holders have it.
    holders: Vec<u64>,
}

#[derive(Default)]
struct Model {
    capacity: usize,
    now: u64,
    turn: u64,
    kept: Vec<Kept>,
    /// Until then nobody looks again whether one can go.
    not_before: u64,
}

impl Model {
    /// The one of this key, if it is or can be kept.
    fn use_key(&mut self, key: u8) -> Option<&mut Kept> {
        self.turn += 1;
        let there = self.kept.iter().any(|it| it.key == key);
        if !there {
            if self.kept.len() == self.capacity {
                let least = self.kept.iter().filter(|it| self.can_go(it));
                let least = least.min_by_key(|it| (it.open_until.is_some(), it.used));
                let gone = least.filter(|_| self.now >= self.not_before).map(|it| it.key);
                let Some(gone) = gone else {
                    let is_news = self.now >= self.not_before;
                    self.not_before = if is_news { self.now + PAUSE_MS } else { self.not_before };
                    return None;
                };
                self.kept.retain(|it| it.key != gone);
                self.not_before = 0;
            }
            let (open_until, mode, holders) = (None, Mode::Auto, Vec::new());
            self.kept.push(Kept { key, used: 0, calls: 0, open_until, mode, holders });
        }
        let turn = self.turn;
        let kept = self.kept.iter_mut().find(|it| it.key == key)?;
        kept.used = turn;
        Some(kept)
    }

    fn can_go(&self, kept: &Kept) -> bool {
        let open = kept.open_until.is_some_and(|until| self.now < until);
        kept.holders.is_empty() && kept.mode == Mode::Auto && !open
    }

    fn call(&mut self, key: u8, fails: bool) {
        let now = self.now;
        let Some(kept) = self.use_key(key) else { return };
        match kept.open_until {
            Some(until) if now < until => {}
            Some(_) if !fails => kept.open_until = None,
            None if !fails => kept.calls += 1,
            _ => (kept.open_until, kept.calls) = (Some(now + OPEN_MS), 0),
        }
    }
}

/// What keeps a breaker.
enum Holder {
    Clone { _breaker: CircuitBreaker },
    Call(Option<Permit>),
}

struct Pair {
    clock: ManualClock,
    breakers: CircuitBreakers<u8>,
    model: Model,
    held: Vec<(u64, Holder)>,
    holders: u64,
}

impl Pair {
    fn new(capacity: usize) -> Self {
        let clock = ManualClock::new();
        let template = quick().clock(clock.clone());
        let breakers = CircuitBreakers::with_capacity(capacity.try_into().unwrap(), template);
        let model = Model { capacity, ..Model::default() };
        Self { clock, breakers: breakers.unwrap(), model, held: Vec::new(), holders: 0 }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Call { key, fails } => {
                if let Ok(permit) = self.breakers.try_acquire(&key) {
                    permit.finish(if fails { Verdict::failure() } else { Verdict::success() });
                }
                self.model.call(key, fails);
            }
            Step::Hold { key, call } => self.hold(key, call),
            Step::Release { which } => {
                if which < self.held.len() {
                    let (number, holder) = self.held.remove(which);
                    if let Holder::Call(Some(permit)) = holder {
                        permit.give_back();
                    }
                    for kept in &mut self.model.kept {
                        kept.holders.retain(|it| *it != number);
                    }
                }
            }
            Step::Mode { key, mode } => {
                if let Some(breaker) = self.breakers.find(&key) {
                    breaker.set_mode(mode);
                }
                for kept in self.model.kept.iter_mut().filter(|it| it.key == key) {
                    kept.mode = mode;
                }
            }
            Step::Remove { key } => {
                let removed = self.breakers.remove(&key).is_some();
                let before = self.model.kept.len();
                self.model.kept.retain(|it| it.key != key);
                assert_eq!(removed, self.model.kept.len() < before);
                if removed {
                    self.model.not_before = 0;
                }
            }
            Step::Advance { millis } => {
                self.clock.advance(Duration::from_millis(millis));
                self.model.now += millis;
            }
        }
    }

    fn hold(&mut self, key: u8, call: bool) {
        self.holders += 1;
        let number = self.holders;
        let closed = self.model.use_key(key).is_none_or(|kept| {
            kept.holders.push(number);
            kept.open_until.is_none()
        });
        let holder = if call && closed {
            Holder::Call(self.breakers.try_acquire(&key).ok())
        } else {
            Holder::Clone { _breaker: self.breakers.get(&key) }
        };
        self.held.push((number, holder));
    }

    fn compare(&self) {
        assert!(self.breakers.len() <= self.breakers.capacity());
        assert_eq!(self.breakers.len(), self.model.kept.len());
        for key in 0..KEYS {
            let kept = self.model.kept.iter().find(|it| it.key == key);
            let expected = kept.map(|it| {
                let state = if it.open_until.is_some() { State::Open } else { State::Closed };
                ((it.mode, state), it.calls)
            });
            let found = self.breakers.find(&key).map(|it| (at(&it), counts(&it).0));
            assert_eq!(found, expected, "{key}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn breakers_are_kept_as_in_the_model(capacity in 1..6_usize, steps in steps()) {
        let mut pair = Pair::new(capacity);
        for step in &steps {
            pair.step(step);
            pair.compare();
        }
    }
}
