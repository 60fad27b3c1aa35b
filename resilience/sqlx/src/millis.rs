use std::time::Duration;

/// The longest time that is counted: a thousand years. A longer one would overflow when it is added
/// to the clock.
const MOST: i64 = 1000 * 366 * 24 * 3600 * 1000;

/// In milliseconds, and at least one.
pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(MOST).clamp(1, MOST)
}

/// What is left, if anything is.
pub(crate) fn left(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_limits() {
        assert_eq!(millis(Duration::ZERO), 1);
        assert_eq!(millis(Duration::from_micros(1999)), 1);
        assert_eq!(millis(Duration::from_secs(2)), 2000);
        assert_eq!(millis(Duration::MAX), MOST);
        assert_eq!((left(-1), left(0), left(1)), (None, None, Some(Duration::from_millis(1))));
    }
}
