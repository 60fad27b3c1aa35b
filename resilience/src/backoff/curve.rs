/// How delays grow before jitter and cap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Curve {
    Constant,
    /// The factor is finite and at least 1.
    Exponential {
        factor: f64,
    },
    Fibonacci,
}

/// Where on its curve a schedule is, in nanoseconds.
///
/// The exponential one is kept in floating point, as small steps would be lost to rounding: 1 ns
/// times 1.5 is 1 ns for ever. It may become infinite, but never not a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Steps {
    Constant(u64),
    Exponential { at: f64, factor: f64 },
    Fibonacci { at: u64, next: u64 },
}

impl Curve {
    pub(super) const fn exponential(factor: f64) -> Self {
        // The order of the arguments matters: what is no number becomes 1.
        Self::Exponential { factor: factor.max(1.0).min(f64::MAX) }
    }

    pub(super) fn steps(self, base: u64) -> Steps {
        match self {
            Self::Constant => Steps::Constant(base),
            Self::Exponential { factor } => Steps::Exponential { at: from_nanos(base), factor },
            Self::Fibonacci => Steps::Fibonacci { at: base, next: base },
        }
    }

    /// The step with this number, without those before it.
    pub(super) fn step(self, base: u64, number: u32) -> u64 {
        match self {
            Self::Constant => base,
            Self::Exponential { factor } => {
                let power = i32::try_from(number).unwrap_or(i32::MAX);
                to_nanos(from_nanos(base) * factor.powi(power))
            }
            Self::Fibonacci => {
                let mut steps = self.steps(base);
                // 93 numbers fit; all after them are the longest delay.
                for _ in 0..number.min(93) {
                    steps.advance();
                }
                steps.advance()
            }
        }
    }
}

impl Steps {
    pub(super) fn advance(&mut self) -> u64 {
        match self {
            Self::Constant(delay) => *delay,
            Self::Exponential { at, factor } => {
                let delay = to_nanos(*at);
                *at *= *factor;
                delay
            }
            Self::Fibonacci { at, next } => {
                let delay = *at;
                (*at, *next) = (*next, at.saturating_add(*next));
                delay
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a delay of 100 days is exact, others nearly")]
fn from_nanos(nanos: u64) -> f64 {
    nanos as f64
}

/// What is infinite becomes the longest delay, and zero times infinity is zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn to_nanos(nanos: f64) -> u64 {
    nanos as u64
}
