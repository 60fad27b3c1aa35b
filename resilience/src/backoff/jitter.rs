use super::config::nanos;
use super::{Backoff, RandomSource};

/// How a delay is drawn around the one that the curve says.
///
/// Below, *d* is the curve's delay, at most the cap. Every way draws evenly from a range, which is
/// then cut to what lies between floor and cap. The range is cut, not what was drawn: delays that
/// are put back to the cap would all be the cap, and a fleet that waits for the cap would be in
/// step again.
///
/// | | drawn from | mean |
/// |---|---|---|
/// | [`None`](Jitter::None) | *d* | *d* |
/// | [`Full`](Jitter::Full) | 0 to *d* | *d* / 2 |
/// | [`Equal`](Jitter::Equal) | *d* / 2 to *d* | 3/4 *d* |
/// | [`Decorrelated`](Jitter::Decorrelated) | base to 3 times the delay before | before cap and floor play a part, the *n*-th: base · (2 · 1.5ⁿ − 1) |
/// | [`PlusMinus(p)`](Jitter::PlusMinus) | *d* − *p* % to *d* + *p* % | *d* |
///
/// Full, equal and decorrelated are those of "Exponential Backoff And Jitter" on the AWS
/// Architecture Blog (Marc Brooker, 2015), but for the cut at the cap: there a decorrelated delay
/// is drawn first and put back to the cap then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// The delay itself. For tests, and for one client that is alone.
    None,
    /// Anything up to the delay: clients are spread the most, and call the least in all.
    Full,
    /// Half of the delay for certain, the other half by chance, where coming back at once is bad.
    Equal,
    /// Up to three times the delay before, whatever the curve says. The first comes after the
    /// base. The fastest to grow, and it remembers its own luck.
    Decorrelated,
    /// So many percent less or more. Over 100 is taken for 100.
    PlusMinus(u8),
}

impl Jitter {
    /// The least and the most that may be drawn.
    fn bounds(self, delay: u64, previous: u64, base: u64) -> (u64, u64) {
        match self {
            Self::None => (delay, delay),
            Self::Full => (0, delay),
            Self::Equal => (delay / 2, delay),
            Self::Decorrelated => (base, previous.saturating_mul(3).max(base)),
            Self::PlusMinus(percent) => {
                let percent = u64::from(percent.min(100));
                // In two parts, so that it cannot overflow.
                let spread = delay / 100 * percent + delay % 100 * percent / 100;
                (delay - spread, delay.saturating_add(spread))
            }
        }
    }
}

/// All that a draw depends on and that stays the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    base: u64,
    floor: u64,
    cap: u64,
    jitter: Jitter,
}

impl Range {
    pub(super) fn new(backoff: &Backoff) -> Self {
        Self {
            base: nanos(backoff.base),
            floor: nanos(backoff.floor),
            cap: nanos(backoff.cap),
            jitter: backoff.jitter,
        }
    }

    pub(super) fn draw(
        &self,
        step: u64,
        previous: u64,
        source: &(impl RandomSource + ?Sized),
    ) -> u64 {
        let (low, high) = self.jitter.bounds(step.min(self.cap), previous, self.base);
        let (low, high) = (self.cut(low), self.cut(high));
        if low == high { low } else { between(low, high, source.next_u64()) }
    }

    fn cut(&self, delay: u64) -> u64 {
        delay.max(self.floor).min(self.cap)
    }
}

/// Scales a random number to the range, both ends included.
pub(super) fn between(low: u64, high: u64, random: u64) -> u64 {
    let width = u128::from(high - low) + 1;
    let offset = (u128::from(random) * width) >> 64;
    // It is less than the width.
    low + u64::try_from(offset).unwrap_or_default()
}
