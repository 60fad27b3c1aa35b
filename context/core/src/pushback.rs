use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

use crate::http_date;

const GRPC_RETRY_PUSHBACK_MS: &str = "grpc-retry-pushback-ms";

/// The other side said when to come back, or not to.
///
/// It is read once, and then means the same to a retry policy, a breaker and a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pushback {
    /// Come back after this time, not before.
    After(Duration),
    /// Do not retry at all: gRPC's negative pushback.
    Stop,
}

impl Pushback {
    /// Reads `grpc-retry-pushback-ms` (gRFC A6), else `Retry-After` (RFC 9110, section 10.2.3).
    ///
    /// `now` is the calendar time against which a `Retry-After` in date form is measured; a date
    /// in the past means "now". A malformed `Retry-After` says nothing, and a malformed gRPC
    /// pushback says [`Pushback::Stop`], as gRFC A6 wants.
    pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        if let Some(value) = headers.get(GRPC_RETRY_PUSHBACK_MS) {
            return Some(Self::from_grpc(value.as_bytes()));
        }
        Self::from_retry_after(headers.get(RETRY_AFTER)?.as_bytes(), now)
    }

    /// The wait, unless the answer is to stop.
    pub const fn wait(self) -> Option<Duration> {
        match self {
            Pushback::After(wait) => Some(wait),
            Pushback::Stop => None,
        }
    }

    /// A wait as `Retry-After`: whole seconds, rounded up, as coming early is what it is to
    /// prevent.
    ///
    /// ```
    /// use mainstay_core::Pushback;
    /// use std::time::Duration;
    ///
    /// assert_eq!(Pushback::to_retry_after(Duration::from_millis(1001)), "2");
    /// ```
    pub fn to_retry_after(wait: Duration) -> HeaderValue {
        let begun = u64::from(wait.subsec_nanos() > 0);
        HeaderValue::from(wait.as_secs().saturating_add(begun))
    }

    /// A signed 32-bit number of milliseconds.
    fn from_grpc(value: &[u8]) -> Self {
        let millis = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i32>().ok());
        match millis.and_then(|millis| u64::try_from(millis).ok()) {
            Some(millis) => Pushback::After(Duration::from_millis(millis)),
            None => Pushback::Stop,
        }
    }

    fn from_retry_after(value: &[u8], now: SystemTime) -> Option<Self> {
        let value = value.trim_ascii();
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            // More digits than a u64 holds are still a wait, and an endless one.
            let seconds = std::str::from_utf8(value).ok()?.parse().unwrap_or(u64::MAX);
            return Some(Pushback::After(Duration::from_secs(seconds)));
        }
        let date = http_date::parse(value)?;
        Some(Pushback::After(date.duration_since(now).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const NOW: SystemTime = UNIX_EPOCH;

    fn read(name: &'static str, value: &str) -> Option<Pushback> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Pushback::from_headers(&headers, NOW)
    }

    #[test]
    fn retry_after_in_both_forms() {
        let after = |seconds| Some(Pushback::After(Duration::from_secs(seconds)));
        assert_eq!(read("retry-after", "120"), after(120));
        assert_eq!(read("retry-after", "0"), after(0));
        assert_eq!(read("retry-after", "99999999999999999999999"), after(u64::MAX));
        assert_eq!(read("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT"), after(60));
        for nothing in ["", "-1", "+1", "1.5", "soon"] {
            assert_eq!(read("retry-after", nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_wait_is_written_rounded_up() {
        for (nanos, seconds) in [(0, "0"), (1, "1"), (1_000_000_000, "1"), (1_000_000_001, "2")] {
            assert_eq!(Pushback::to_retry_after(Duration::from_nanos(nanos)), seconds);
        }
        assert_eq!(Pushback::to_retry_after(Duration::MAX), u64::MAX.to_string().as_str());
    }

    #[test]
    fn a_date_that_passed_means_now() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT".parse().unwrap());
        let later = UNIX_EPOCH + Duration::from_secs(3600);
        let read = Pushback::from_headers(&headers, later);
        assert_eq!(read, Some(Pushback::After(Duration::ZERO)));
    }

    #[test]
    fn grpc_pushback_wins_and_stops_when_negative_or_malformed() {
        let name = "grpc-retry-pushback-ms";
        assert_eq!(read(name, "250"), Some(Pushback::After(Duration::from_millis(250))));
        for stop in ["-1", "", "soon", "2147483648", "1.0"] {
            assert_eq!(read(name, stop), Some(Pushback::Stop), "{stop}");
        }
        let mut both = HeaderMap::new();
        both.insert("retry-after", "7".parse().unwrap());
        both.insert(name, "-1".parse().unwrap());
        assert_eq!(Pushback::from_headers(&both, NOW), Some(Pushback::Stop));
    }
}
