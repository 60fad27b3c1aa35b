//! The breaker as a whole against a slow one that is plain to see: random calls, endings, drops,
//! jumps of the clock, changes of mode and of configuration.

#![cfg(test)]

#[path = "breaker_model/model.rs"]
mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use mainstay_core::{Clock, ManualClock, Pushback};
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{
    CircuitBreaker, Config, Consecutive, Event, FailureRate, HalfOpen, Mode, Opening, Permit,
    SlowCalls, Tally, TripWhen, Window,
};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, DropWeights, drop_as};
use model::{Judge, Kept, Model, Settings, Ticket};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Acquire,
    Finish { which: usize, failed: bool, pushback_ms: Option<u64> },
    Ignore { which: usize },
    Drop { which: usize, cause: DropCause },
    GiveBack { which: usize },
    Advance { millis: u64 },
    Mode(Mode),
    Resize(u16),
    Rate(u32),
    OpenFor { millis: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..8_usize;
    let cause = proptest::sample::select(DropCause::ALL.to_vec());
    let mode = proptest::sample::select(vec![
        Mode::Auto,
        Mode::Auto,
        Mode::Shadow,
        Mode::ForcedOpen,
        Mode::ForcedClosed,
        Mode::Disabled,
    ]);
    let pushback = proptest::option::weighted(0.1, 1..20_000_u64);
    let finish = (which.clone(), proptest::bool::weighted(0.55), pushback)
        .prop_map(|(which, failed, pushback_ms)| Step::Finish { which, failed, pushback_ms });
    let step = prop_oneof![
        12 => Just(Step::Acquire),
        10 => finish,
        1 => which.clone().prop_map(|which| Step::Ignore { which }),
        2 => (which.clone(), cause).prop_map(|(which, cause)| Step::Drop { which, cause }),
        1 => which.prop_map(|which| Step::GiveBack { which }),
        4 => (0..400_u64).prop_map(|millis| Step::Advance { millis }),
        2 => (400..9_000_u64).prop_map(|millis| Step::Advance { millis }),
        1 => mode.prop_map(Step::Mode),
        1 => (4..40_u16).prop_map(Step::Resize),
        1 => (1..=10_u32).prop_map(Step::Rate),
        1 => (0..3_000_u64).prop_map(|millis| Step::OpenFor { millis }),
    ];
    proptest::collection::vec(step, 1..300)
}

fn settings() -> impl Strategy<Value = Settings> {
    let kept = prop_oneof![(4..40_u16).prop_map(Kept::Calls), (4..40_u16).prop_map(Kept::Tenths)];
    let judge = prop_oneof![
        (1..4_u32).prop_map(Judge::Consecutive),
        (1..6_u32, 1..=10_u32).prop_map(|(calls, tenths)| Judge::Rate { calls, tenths }),
    ];
    let rules = (
        proptest::option::of(1..=10_u32),
        proptest::option::of(1..=10_u32),
        proptest::option::of(1..6_u32),
        1..5_u32,
        proptest::option::of(1..12_u32),
    );
    let half_open = (judge, 1..4_u16, 50..3_000_u64, proptest::collection::vec(1..=10_u32, 0..3));
    let strategy = (kept, rules, half_open, any::<bool>());
    strategy.prop_map(|(kept, rules, half_open, own_time)| Settings {
        kept,
        rate_tenths: rules.0,
        slow_tenths: rules.1,
        consecutive: rules.2,
        min_calls: rules.3,
        trouble: rules.4,
        own_time,
        judge: half_open.0,
        at_once: half_open.1,
        lease_ms: half_open.2,
        ramp_tenths: half_open.3,
    })
}

fn tenths(tenths: u32) -> f64 {
    f64::from(tenths) / 10.0
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

fn window(kept: Kept) -> Window {
    match kept {
        Kept::Calls(calls) => Window::calls(calls),
        Kept::Tenths(tenths) => Window::last(Duration::from_millis(100 * u64::from(tenths))),
    }
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::default()
        .window(window(settings.kept))
        .open_for(
            Backoff::exponential()
                .base(Duration::from_secs(1))
                .cap(Duration::from_secs(8))
                .floor(Duration::from_millis(500))
                .jitter(Jitter::None),
        )
        .max_pushback(Duration::ZERO)
        .drop_weights(DropWeights::DEFAULT.with(DropCause::CallerGone, 0.5));
    if let Some(rate) = settings.rate_tenths {
        config = config.trip(FailureRate::at_least(tenths(rate)).min_calls(settings.min_calls));
    }
    if let Some(rate) = settings.slow_tenths {
        let rule = SlowCalls::longer_than(Duration::from_millis(model::SLOW_MS));
        config = config.trip(rule.rate(tenths(rate)).min_calls(settings.min_calls));
    }
    if let Some(failures) = settings.consecutive {
        config = config.trip(Consecutive::failures(failures));
    }
    if let Some(most) = settings.trouble {
        config =
            config.trip(TripWhen::new(move |Tally { counts, consecutive_failures, .. }| {
                counts.failed + counts.slow + consecutive_failures >= most
            }));
    }
    if settings.own_time {
        config = config.open_by(|Opening { opened, backoff, pushback, seen, .. }| {
            let (backoff, pushback) = (millis(*backoff), millis(*pushback));
            let row = seen.consecutive_failures;
            let time = model::own_time(*opened, backoff, pushback, seen.counts, row);
            Duration::from_millis(time)
        });
    }
    let half_open = match settings.judge {
        Judge::Consecutive(successes) => HalfOpen::consecutive(successes),
        Judge::Rate { calls, tenths: failures } => HalfOpen::rate(calls, tenths(failures)),
    };
    config.half_open(
        half_open
            .at_once(settings.at_once)
            .lease(Duration::from_millis(settings.lease_ms))
            .ramp(settings.ramp_tenths.iter().map(|it| tenths(*it)).collect::<Vec<_>>()),
    )
}

/// Both, and what they have let through.
struct Pair {
    clock: ManualClock,
    breaker: CircuitBreaker,
    model: Model,
    running: Vec<(Permit, Ticket)>,
    told: Arc<Told>,
}

/// How often an observer was told what is no change.
#[derive(Debug, Default)]
struct Told {
    late: AtomicU32,
    lost: AtomicU32,
}

impl Told {
    fn hear(&self, event: &Event) {
        match event {
            Event::Late { .. } => self.late.fetch_add(1, Relaxed),
            Event::LeaseEnded { probes, .. } => {
                self.lost.fetch_add(u32::try_from(*probes).unwrap(), Relaxed)
            }
            _ => 0,
        };
    }
}

impl Pair {
    fn new(settings: Settings, pushback: bool) -> Self {
        let clock = ManualClock::new();
        let mut config = config(&settings);
        if pushback {
            config = config.max_pushback(Duration::from_secs(10));
        }
        let builder = CircuitBreaker::builder("model").config(config).clock(clock.clone());
        let told = Arc::<Told>::default();
        let hears = Arc::clone(&told);
        let builder = builder.observer(move |event: &Event| hears.hear(event));
        let breaker = builder.random(Least).build().unwrap();
        let max_pushback_ms = if pushback { 10_000 } else { 0 };
        let model = Model::new(settings, max_pushback_ms);
        Self { clock, breaker, model, running: Vec::new(), told }
    }

    fn take(&mut self, which: usize) -> Option<(Permit, Ticket)> {
        (!self.running.is_empty()).then(|| self.running.swap_remove(which % self.running.len()))
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Acquire => self.acquire(),
            Step::Finish { which, failed, pushback_ms } => {
                if let Some((permit, ticket)) = self.take(which) {
                    let verdict = if failed { Verdict::failure() } else { Verdict::success() };
                    let pushback = pushback_ms.map(|it| Pushback::After(Duration::from_millis(it)));
                    permit.finish(verdict.with_pushback(pushback));
                    self.model.finish(&ticket, failed, pushback_ms);
                }
            }
            Step::Ignore { which } => {
                if let Some((permit, ticket)) = self.take(which) {
                    permit.finish(Verdict::ignored());
                    self.model.give_back(&ticket);
                }
            }
            Step::Drop { which, cause } => {
                if let Some((permit, ticket)) = self.take(which) {
                    drop_as(cause, permit);
                    self.model.dropped(&ticket, cause);
                }
            }
            Step::GiveBack { which } => {
                if let Some((permit, ticket)) = self.take(which) {
                    permit.give_back();
                    self.model.give_back(&ticket);
                }
            }
            Step::Advance { millis } => {
                self.clock.advance(Duration::from_millis(millis));
                self.model.now += millis;
            }
            Step::Mode(mode) => {
                self.breaker.set_mode(mode);
                self.model.set_mode(mode);
            }
            Step::Resize(size) => {
                self.model.resize(size);
                self.reconfigure();
            }
            Step::OpenFor { millis } => {
                let opened = self.breaker.open_for(Duration::from_millis(millis));
                assert_eq!(opened, self.model.open_for(millis));
            }
            Step::Rate(rate) => {
                self.model.settings.rate_tenths = Some(rate);
                self.reconfigure();
            }
        }
    }

    fn acquire(&mut self) {
        match (self.breaker.try_acquire(), self.model.acquire()) {
            (Ok(permit), Ok(ticket)) => self.running.push((permit, ticket)),
            (Err(open), Err((state, wait))) => {
                assert_eq!(open.state(), state);
                assert_eq!(open.wait(), wait.map(Duration::from_millis));
            }
            (one, other) => panic!("{one:?}, but {other:?}"),
        }
    }

    fn reconfigure(&mut self) {
        let pushback = Duration::from_millis(self.model.max_pushback);

        self.breaker.reconfigure(config(&self.model.settings).max_pushback(pushback)).unwrap();
    }

    fn compare(&self) {
        let (snapshot, model) = (self.breaker.snapshot(), &self.model);
        assert_eq!((snapshot.status.state, snapshot.status.mode), (model.state, model.mode));
        assert_eq!(snapshot.counts, model.counts());
        assert_eq!(snapshot.consecutive_failures, model.row());
        assert_eq!(snapshot.wait, model.wait().map(Duration::from_millis));
        let probation = snapshot
            .probation
            .map(|it| (u64::from(it.in_flight), it.admitted, it.succeeded, it.failed, it.step));
        assert_eq!(probation, model.probation());
        let share = snapshot.probation.and_then(|it| it.share());
        assert_eq!(share, model.share_tenths().map(tenths));
        assert_eq!(self.breaker.states().current(), snapshot.status);
        let told = (self.told.late.load(Relaxed), self.told.lost.load(Relaxed));
        assert_eq!(told, (model.too_late, model.lost));
    }
}

/// Draws the least: a spread of zero.
struct Least;

impl mainstay_resilience::backoff::RandomSource for Least {
    fn next_u64(&self) -> u64 {
        0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_does_as_the_model(settings in settings(), steps in steps(), pushback: bool) {
        let mut pair = Pair::new(settings, pushback);
        let _ = pair.clock.now();
        for step in &steps {
            pair.step(step);
            pair.compare();
        }
    }
}
