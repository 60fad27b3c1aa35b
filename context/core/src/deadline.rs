use std::fmt;
use std::time::{Duration, Instant};

use http::HeaderValue;

/// The time by which an answer is worth having: an instant in memory, relative on the wire.
///
/// A wire form with an absolute time would depend on two clocks that agree; the one with what is
/// left does not (gRPC, `PROTOCOL-HTTP2.md`). A call without a deadline has no `Deadline`
/// (`Option` says so), so that the absence is never passed on as an instant expiry.
///
/// ```
/// use mainstay_core::{Clock, Deadline, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let deadline = Deadline::from_grpc_timeout(b"250m", clock.now())?;
/// clock.advance(Duration::from_millis(100));
/// assert_eq!(deadline.remaining(clock.now()), Duration::from_millis(150));
/// assert_eq!(deadline.to_grpc_timeout(clock.now()), "150000u");
/// # Ok::<(), mainstay_core::InvalidTimeout>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// A timeout header that is not of the form its specification gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimeout(());

/// Where an instant that does not fit is put instead.
const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);
/// gRPC's limit on the digits of a timeout.
const GRPC_DIGITS: usize = 8;
/// Connect's limit on the digits of a timeout in milliseconds.
const MILLIS_DIGITS: usize = 10;

/// The units of `grpc-timeout`, finest first, in nanoseconds.
const GRPC_UNITS: [(u8, u64); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

impl Deadline {
    /// The deadline at this instant.
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The deadline this long after `now`. What the platform cannot represent becomes a hundred
    /// years.
    pub fn after(now: Instant, timeout: Duration) -> Self {
        Self(now.checked_add(timeout).or_else(|| now.checked_add(FAR)).unwrap_or(now))
    }

    /// The instant itself.
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// What is left of it; zero once it has passed.
    pub fn remaining(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Whether it has passed. At the very instant it has.
    pub fn has_passed(self, now: Instant) -> bool {
        self.0 <= now
    }

    /// The earlier of the two: how a child's deadline is made, which never outlives its parent.
    #[must_use]
    pub fn earlier(self, other: Deadline) -> Self {
        self.min(other)
    }

    /// Reads a `grpc-timeout`: at most eight digits and one of the units `H M S m u n`.
    ///
    /// Zero is accepted although gRPC asks for a positive number: a deadline that has just passed
    /// is what senders mean by it.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeout`] for anything else, signs and spaces included.
    pub fn from_grpc_timeout(value: &[u8], now: Instant) -> Result<Self, InvalidTimeout> {
        let (unit, digits) = value.split_last().ok_or(InvalidTimeout(()))?;
        let (_, nanos) =
            GRPC_UNITS.iter().find(|(letter, _)| letter == unit).ok_or(InvalidTimeout(()))?;
        let amount = parse_digits(digits, GRPC_DIGITS)?;
        let seconds = Duration::from_secs(amount.saturating_mul(nanos / 1_000_000_000));
        let fraction = Duration::from_nanos(amount * (nanos % 1_000_000_000));
        Ok(Self::after(now, seconds.saturating_add(fraction)))
    }

    /// What is left, as a `grpc-timeout`: rounded down to the finest unit that fits eight digits,
    /// so that the callee's deadline is never later than this one; at least one nanosecond, as
    /// gRPC wants it positive.
    pub fn to_grpc_timeout(self, now: Instant) -> HeaderValue {
        let left = self.remaining(now).as_nanos().max(1);
        let fits = |nanos: u64| left / u128::from(nanos) < 10_u128.pow(8);
        let (letter, nanos) =
            GRPC_UNITS.into_iter().find(|(_, nanos)| fits(*nanos)).unwrap_or((b'H', u64::MAX));
        let text = format!("{}{}", left / u128::from(nanos), char::from(letter));
        ascii(&text)
    }

    /// Reads a timeout in whole milliseconds, at most ten digits: Connect's `connect-timeout-ms`,
    /// Envoy's `x-envoy-expected-rq-timeout-ms` and their like.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeout`] for anything but digits.
    pub fn from_millis(value: &[u8], now: Instant) -> Result<Self, InvalidTimeout> {
        let millis = parse_digits(value, MILLIS_DIGITS)?;
        Ok(Self::after(now, Duration::from_millis(millis)))
    }

    /// What is left in whole milliseconds, rounded down, at most ten digits.
    pub fn to_millis(self, now: Instant) -> HeaderValue {
        let millis = self.remaining(now).as_millis().min(9_999_999_999);
        ascii(&millis.to_string())
    }
}

impl fmt::Display for InvalidTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a timeout")
    }
}

impl std::error::Error for InvalidTimeout {}

fn parse_digits(digits: &[u8], most: usize) -> Result<u64, InvalidTimeout> {
    if digits.is_empty() || digits.len() > most {
        return Err(InvalidTimeout(()));
    }
    digits.iter().try_fold(0, |sum: u64, byte| match byte {
        b'0'..=b'9' => Ok(sum * 10 + u64::from(byte - b'0')),
        _ => Err(InvalidTimeout(())),
    })
}

/// Digits and letters are always a valid header value.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("1n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, ManualClock};
    use proptest::prelude::*;

    #[test]
    fn grpc_units() {
        let now = ManualClock::new().now();
        let read = |text: &str| {
            Deadline::from_grpc_timeout(text.as_bytes(), now).map(|at| at.remaining(now))
        };
        assert_eq!(read("1H"), Ok(Duration::from_secs(3600)));
        assert_eq!(read("2M"), Ok(Duration::from_secs(120)));
        assert_eq!(read("3S"), Ok(Duration::from_secs(3)));
        assert_eq!(read("4m"), Ok(Duration::from_millis(4)));
        assert_eq!(read("5u"), Ok(Duration::from_micros(5)));
        assert_eq!(read("6n"), Ok(Duration::from_nanos(6)));
        assert_eq!(read("0n"), Ok(Duration::ZERO));
        assert_eq!(read("99999999m"), Ok(Duration::from_millis(99_999_999)));
        for wrong in ["", "S", "1", "1s", "123456789S", "-1S", "+1S", " 1S", "1 S", "1.5S"] {
            assert_eq!(read(wrong), Err(InvalidTimeout(())), "{wrong}");
        }
    }

    #[test]
    fn the_longest_timeouts_do_not_panic() {
        let now = ManualClock::new().now();
        for deadline in [
            Deadline::from_grpc_timeout(b"99999999H", now).unwrap(),
            Deadline::after(now, Duration::MAX),
        ] {
            assert!(!deadline.has_passed(now));
            let wire = deadline.to_grpc_timeout(now);
            assert!(Deadline::from_grpc_timeout(wire.as_bytes(), now).is_ok(), "{wire:?}");
        }
    }

    #[test]
    fn a_passed_deadline_is_sent_as_the_shortest_positive_one() {
        let clock = ManualClock::new();
        let deadline = Deadline::after(clock.now(), Duration::from_secs(1));
        clock.advance(Duration::from_secs(1));
        assert!(deadline.has_passed(clock.now()));
        assert_eq!(deadline.to_grpc_timeout(clock.now()), "1n");
        assert_eq!(deadline.to_millis(clock.now()), "0");
    }

    #[test]
    fn milliseconds() {
        let now = ManualClock::new().now();
        let read = |text: &str| Deadline::from_millis(text.as_bytes(), now);
        assert_eq!(read("1500").map(|at| at.remaining(now)), Ok(Duration::from_millis(1500)));
        for wrong in ["", "1s", "-1", "12345678901"] {
            assert_eq!(read(wrong), Err(InvalidTimeout(())), "{wrong}");
        }
    }

    proptest! {
        /// A callee's deadline is never later than the caller's, and by less than the unit earlier.
        #[test]
        fn the_wire_never_prolongs(nanos in 1_u64..u64::MAX / 2) {
            let now = ManualClock::new().now();
            let left = Duration::from_nanos(nanos);
            let wire = Deadline::after(now, left).to_grpc_timeout(now);
            prop_assert!(wire.len() <= 9);
            let read = Deadline::from_grpc_timeout(wire.as_bytes(), now).unwrap().remaining(now);
            prop_assert!(read <= left);
            let lost = left.saturating_sub(read);
            prop_assert!(lost <= left / 1_000_000 + Duration::from_nanos(1), "{left:?} {read:?}");
        }

        #[test]
        fn reading_never_panics(value in proptest::collection::vec(any::<u8>(), 0..16)) {
            let now = ManualClock::new().now();
            let _ = Deadline::from_grpc_timeout(&value, now);
            let _ = Deadline::from_millis(&value, now);
        }
    }
}
