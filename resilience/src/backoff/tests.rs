//! The laws, against models that know nothing of the code: numbers as they are defined, and means.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const JITTERS: [Jitter; 5] =
    [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::PlusMinus(30)];

/// Always says the same: with the least and the greatest number it finds both ends of a range.
#[derive(Clone, Copy)]
struct Always(u64);

impl RandomSource for Always {
    fn next_u64(&self) -> u64 {
        self.0
    }
}

fn ends(backoff: &Backoff, number: u32) -> (u64, u64) {
    let end = |random| nanos(backoff.delay(number, &Always(random)));
    (end(0), end(u64::MAX))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

fn curve() -> impl Strategy<Value = Backoff> {
    let base = (0_u64..1 << 40).prop_map(Duration::from_nanos);
    // Factors whose powers are exact, so that the model may multiply whole numbers.
    let exponential = |factor: u8| Backoff::exponential().factor(f64::from(factor));
    prop_oneof![
        base.clone().prop_map(Backoff::constant),
        base.clone().prop_map(|base| Backoff::fibonacci().base(base)),
        (1_u8..4, base).prop_map(move |(factor, base)| exponential(factor).base(base)),
    ]
}

fn backoff() -> impl Strategy<Value = Backoff> {
    let limit = || (0_u64..1 << 50).prop_map(Duration::from_nanos);
    (curve(), limit(), limit(), prop::sample::select(&JITTERS[..]))
        .prop_map(|(curve, cap, floor, jitter)| curve.cap(cap).floor(floor).jitter(jitter))
}

/// The curve by definition, every number from the first one on.
fn curve_model(backoff: &Backoff, number: u32) -> u128 {
    let base = backoff.base.as_nanos();
    let (mut at, mut next) = (base, base);
    for _ in 0..number {
        (at, next) = match backoff.curve {
            curve::Curve::Constant => (base, base),
            curve::Curve::Exponential { factor } => (at * whole(factor), 0),
            curve::Curve::Fibonacci => (next, at + next),
        };
    }
    at
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 1, 2 or 3")]
fn whole(factor: f64) -> u128 {
    factor as u128
}

/// The table of [`Jitter`], literally.
fn ends_model(backoff: &Backoff, delay: u128, previous: u128) -> (u64, u64) {
    let cap = backoff.cap.as_nanos();
    let delay = delay.min(cap);
    let (low, high) = match backoff.jitter {
        Jitter::None => (delay, delay),
        Jitter::Full => (0, delay),
        Jitter::Equal => (delay / 2, delay),
        Jitter::Decorrelated => (backoff.base.as_nanos(), previous * 3),
        Jitter::PlusMinus(percent) => {
            let spread = delay * u128::from(percent) / 100;
            (delay - spread, delay + spread)
        }
    };
    let cut = |end: u128| u64::try_from(end.max(backoff.floor.as_nanos()).min(cap)).unwrap();
    (cut(low), cut(high))
}

proptest! {
    #[test]
    fn ranges_are_those_of_the_table(backoff in backoff(), number in 0_u32..20) {
        let delay = curve_model(&backoff, number);
        prop_assert_eq!(ends(&backoff, number), ends_model(&backoff, delay, delay));
    }

    #[test]
    fn a_schedule_draws_one_after_the_other(backoff in backoff(), random: u64) {
        let mut previous = backoff.base.as_nanos();
        let schedule = backoff.attempts(21).schedule_with(Always(random));
        for (number, delay) in schedule.enumerate() {
            let undrawn = curve_model(&backoff, u32::try_from(number).unwrap());
            let (low, high) = ends_model(&backoff, undrawn, previous);
            let width = u128::from(high - low) + 1;
            let expected = u128::from(low) + u128::from(random) * width / (1 << 64);
            prop_assert_eq!(delay.as_nanos(), expected);
            previous = expected;
        }
    }

    #[test]
    fn every_delay_lies_between_floor_and_cap(backoff in backoff(), seed: u64) {
        for delay in backoff.attempts(50).schedule_with(SeededRandom::new(seed)) {
            prop_assert!(delay <= backoff.cap);
            prop_assert!(delay >= backoff.floor.min(backoff.cap));
        }
    }

    #[test]
    fn no_attempt_begins_after_the_limit(
        backoff in backoff(),
        seed: u64,
        limit in 0_u64..1 << 52,
        took in prop::collection::vec(0_u64..1 << 50, 1..40),
    ) {
        let limit = Duration::from_nanos(limit);
        let mut limited = backoff.attempts(30).max_elapsed(limit)
            .schedule_with(SeededRandom::new(seed));
        let mut unlimited = backoff.attempts(30).schedule_with(SeededRandom::new(seed));
        let mut elapsed = Duration::ZERO;
        let mut ended = false;
        for took in took {
            elapsed += Duration::from_nanos(took);
            let delay = unlimited.next_after(elapsed).filter(|it| !ended && elapsed + *it <= limit);
            prop_assert_eq!(limited.next_after(elapsed), delay);
            ended |= delay.is_none();
            elapsed += delay.unwrap_or_default();
        }
    }

    #[test]
    fn attempts_are_counted_with_the_first(backoff in backoff(), attempts in 0_u32..50) {
        let mut schedule = backoff.attempts(attempts).schedule();
        let delays = attempts.saturating_sub(1) as usize;
        prop_assert_eq!(schedule.size_hint(), (delays, Some(delays)));
        prop_assert_eq!(schedule.by_ref().count(), delays);
        prop_assert_eq!(schedule.next(), None);
    }

    #[test]
    fn nothing_panics(
        base: Duration, cap: Duration, floor: Duration, max_elapsed: Duration, elapsed: Duration,
        factor in prop_oneof![any::<f64>(), prop::num::f64::ANY],
        percent: u8, number: u32, attempts: u32, random: u64,
    ) {
        let curves = [Backoff::exponential(), Backoff::fibonacci(), Backoff::constant(base)];
        for (curve, jitter) in curves.iter().flat_map(|curve| {
            JITTERS.into_iter().chain([Jitter::PlusMinus(percent)]).map(move |it| (curve, it))
        }) {
            let backoff = curve.base(base).cap(cap).floor(floor).factor(factor).jitter(jitter)
                .attempts(attempts).max_elapsed(max_elapsed);
            let mut schedule = backoff.schedule_with(Always(random));
            let _ = schedule.next_after(elapsed);
            for delay in schedule.take(200) {
                prop_assert!(delay <= cap);
            }
            prop_assert!(backoff.delay(number, &Always(random)) <= cap);
        }
    }
}

/// The mean of so many draws of a range is within 5 standard deviations of the true one.
fn assert_mean(name: Jitter, draws: &[Duration], mean: f64, width: f64) {
    let count = f64::from(u32::try_from(draws.len()).unwrap());
    let sum: f64 = draws.iter().map(Duration::as_secs_f64).sum();
    let deviation = width / (12.0 * count).sqrt();
    assert!((sum / count - mean).abs() <= 5.0 * deviation + 1e-9, "{name:?}: {}", sum / count);
}

#[test]
fn the_means_are_those_of_the_table() {
    let source = SeededRandom::new(1);
    let backoff = Backoff::exponential().base(Duration::from_secs(1)).cap(Duration::from_secs(60));
    for (jitter, mean, width) in [
        (Jitter::None, 8.0, 0.0),
        (Jitter::Full, 4.0, 8.0),
        (Jitter::Equal, 6.0, 4.0),
        (Jitter::PlusMinus(30), 8.0, 4.8),
    ] {
        let backoff = backoff.jitter(jitter);
        let draws: Vec<_> = (0..20_000).map(|_| backoff.delay(3, &source)).collect();
        assert_mean(jitter, &draws, mean, width);
    }
}

#[test]
fn the_means_of_decorrelated_jitter_are_those_of_the_table() {
    let source = SeededRandom::new(2);
    let backoff = Backoff::exponential()
        .base(Duration::from_secs(1))
        .cap(Duration::from_secs(1000))
        .jitter(Jitter::Decorrelated)
        .attempts(5);
    let runs: Vec<Vec<_>> = (0..20_000).map(|_| backoff.schedule_with(&source).collect()).collect();
    for n in 1..=4 {
        let draws: Vec<_> = runs.iter().map(|run| run[n - 1]).collect();
        let mean = 2.0 * 1.5_f64.powi(i32::try_from(n).unwrap()) - 1.0;
        // They lie between 1 and 3^n, more of them in the lower half.
        assert_mean(Jitter::Decorrelated, &draws, mean, 3.0_f64.powi(i32::try_from(n).unwrap()));
    }
}

/// Trap 13: a fleet whose delays have grown to the cap must not be in step there.
#[test]
fn at_the_cap_delays_are_still_spread() {
    let source = SeededRandom::new(3);
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::PlusMinus(30)] {
        let backoff = Backoff::exponential().jitter(jitter);
        let mut delays: Vec<_> = (0..1000).map(|_| backoff.delay(30, &source)).collect();
        delays.sort_unstable();
        delays.dedup();
        assert!(delays.len() > 990, "{jitter:?}");
    }
}

#[test]
fn reconnecting_follows_its_numbers() {
    const MILLIS: [(u64, u64); 5] =
        [(350, 650), (700, 1300), (1400, 2600), (2800, 5200), (5600, 10_400)];
    assert_eq!(Backoff::RECONNECT.schedule().count(), MILLIS.len());
    for (number, (low, high)) in (0..).zip(MILLIS) {
        assert_eq!(ends(&Backoff::RECONNECT, number), (low * 1_000_000, high * 1_000_000));
    }
    assert_eq!(ends(&Backoff::RECONNECT, 40), (42_000_000_000, 60_000_000_000));
    let short = Backoff::RECONNECT.base(Duration::from_millis(120));
    assert_eq!(ends(&short, 0), (100_000_000, 156_000_000));
}

#[test]
fn odd_configurations_are_brought_into_range() {
    let exact = Backoff::exponential().jitter(Jitter::None).base(Duration::from_secs(1));
    for factor in [f64::NAN, f64::NEG_INFINITY, -2.0, 0.0, 0.5, 1.0] {
        assert!(exact.factor(factor).schedule().all(|it| it.as_secs() == 1), "{factor}");
    }
    let explosive: Vec<_> = exact.factor(f64::INFINITY).schedule().map(|it| it.as_secs()).collect();
    assert_eq!(explosive, [1, 20]);
    let small: Vec<_> =
        exact.base(Duration::from_nanos(1)).factor(1.5).attempts(6).into_iter().collect();
    assert_eq!(small.iter().map(Duration::as_nanos).collect::<Vec<_>>(), [1, 1, 2, 3, 5]);
    assert_eq!(Backoff::fibonacci().factor(9.0), Backoff::fibonacci());
    let most = Jitter::PlusMinus(u8::MAX);
    assert_eq!(ends(&exact.jitter(most), 0), (0, 2_000_000_000));
}

#[test]
fn the_largest_numbers_hold() {
    const ENDLESS: Duration = Duration::from_nanos(u64::MAX);
    let endless = Backoff::fibonacci().cap(Duration::MAX).jitter(Jitter::None);
    let one = endless.base(Duration::from_nanos(1));
    assert_eq!(one.delay(92, &ThreadRandom), Duration::from_nanos(12_200_160_415_121_876_738));
    assert_eq!(one.delay(93, &ThreadRandom), ENDLESS);
    assert_eq!(one.unlimited_attempts().schedule().nth(93), Some(ENDLESS));
    assert_eq!(endless.base(Duration::MAX).delay(0, &ThreadRandom), ENDLESS);
    let full = endless.base(Duration::MAX).jitter(Jitter::Full);
    assert_eq!(full.delay(0, &Always(12_345)), Duration::from_nanos(12_345));
    let many = Backoff::DEFAULT.attempts(u32::MAX).schedule();
    assert_eq!(many.size_hint(), (u32::MAX as usize - 1, Some(u32::MAX as usize - 1)));
}

#[test]
fn without_a_limit_it_does_not_end_and_with_one_it_does() {
    let endless = Backoff::DEFAULT.unlimited_attempts();
    assert_eq!(endless.schedule().size_hint(), (usize::MAX, None));
    assert_eq!(endless.schedule().take(10_000).count(), 10_000);
    let minute = endless.max_elapsed(Duration::from_secs(60)).schedule();
    assert_eq!(minute.size_hint(), (0, None));
    let sum: Duration = minute.clone().sum();
    assert!(sum <= Duration::from_secs(60));
    let seconds = Backoff::constant(Duration::from_secs(1)).unlimited_attempts();
    assert_eq!(seconds.max_elapsed(Duration::from_secs(60)).schedule().count(), 60);
}

/// The cap of the others is not that of constant delays.
#[test]
fn a_constant_delay_may_be_long() {
    let hour = Duration::from_secs(3600);
    assert_eq!(Backoff::constant(hour).schedule().next(), Some(hour));
}

/// What the other side has said is the least, and a tenth more the most, unless the own delay is
/// longer.
#[test]
fn what_was_told_is_spread_by_a_tenth() {
    let told = |own: u64, random: u64| {
        let own = Backoff::constant(Duration::from_secs(own)).jitter(Jitter::None);
        let mut schedule = own.schedule_with(std::sync::Arc::new(Always(random)));
        schedule.told_after(Duration::ZERO, Duration::from_secs(10)).unwrap()
    };
    assert_eq!(told(1, 0), Duration::from_secs(10));
    assert_eq!(told(1, u64::MAX), Duration::from_secs(11));
    assert_eq!(told(12, 0), Duration::from_secs(12));
}

#[test]
fn what_is_left_and_whether_it_is_over_is_told() {
    let second = Duration::from_secs(1);
    let mut schedule = Backoff::constant(second).attempts(2).max_elapsed(3 * second).schedule();
    assert_eq!(schedule.left_after(second), Some(2 * second));
    assert_eq!(schedule.left_after(3 * second), Some(Duration::ZERO));
    assert_eq!(schedule.left_after(4 * second), None);
    assert!(!schedule.is_over());
    assert_eq!(schedule.next(), Some(second));
    assert!(schedule.is_over());
}
