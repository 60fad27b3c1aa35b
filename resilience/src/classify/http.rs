use std::sync::Arc;

use http::{HeaderMap, Response};
use mainstay_core::{Clock, Pushback, SystemClock};

use super::{Classify, Verdict};

/// Judges HTTP responses by their status, and takes an error for a transient failure.
///
/// | status | verdict |
/// |---|---|
/// | 1xx to 3xx, 4xx but those below | success: the other side did what it should |
/// | 408, 425, 429, 502, 503, 504 | transient failure, with the pushback of `Retry-After` |
/// | other 5xx | failure |
///
/// 429 counts as a failure, as the other side did not do the work; the pushback says when it will.
#[derive(Clone)]
pub struct HttpClassifier {
    /// A clone is made for each call: nothing is counted for the usual clock.
    clock: Option<Arc<dyn Clock>>,
}

impl HttpClassifier {
    /// A classifier that measures dates in `Retry-After` against the system's clock.
    pub const fn new() -> Self {
        Self { clock: None }
    }

    /// The same with another clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)) }
    }

    /// What the headers say about coming back.
    pub(super) fn pushback(&self, headers: &HeaderMap) -> Option<Pushback> {
        let system = || SystemClock.system_time();
        Pushback::from_headers(headers, self.clock.as_ref().map_or_else(system, Clock::system_time))
    }
}

impl Default for HttpClassifier {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for HttpClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClassifier").finish_non_exhaustive()
    }
}

impl<B> Classify<Response<B>> for HttpClassifier {
    fn classify(&self, response: &Response<B>) -> Verdict {
        let pushback = || self.pushback(response.headers());
        match response.status().as_u16() {
            408 | 425 | 429 | 502..=504 => Verdict::transient().with_pushback(pushback()),
            500.. => Verdict::failure(),
            _ => Verdict::success(),
        }
    }
}

impl<B, E> Classify<Result<Response<B>, E>> for HttpClassifier {
    fn classify(&self, result: &Result<Response<B>, E>) -> Verdict {
        result.as_ref().map_or(Verdict::transient(), |response| self.classify(response))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::StatusCode;
    use mainstay_core::{ManualClock, Outcome};

    use super::*;

    #[test]
    fn every_status_has_its_verdict() {
        for number in 100..1000 {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(number).unwrap();
            let verdict = HttpClassifier::new().classify(&response);
            let transient = matches!(number, 408 | 425 | 429 | 502..=504);
            let failed = transient || number >= 500;
            assert_eq!(verdict.is_transient(), transient, "{number}");
            assert_eq!(verdict.outcome() == Outcome::Failure, failed, "{number}");
        }
    }

    #[test]
    fn a_date_is_measured_by_the_given_clock() {
        let clock = ManualClock::at(UNIX_EPOCH);
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let date = "Thu, 01 Jan 1970 00:00:07 GMT".parse().unwrap();
        response.headers_mut().insert("retry-after", date);
        let verdict = HttpClassifier::with_clock(clock).classify(&response);
        assert_eq!(verdict.pushback(), Some(Pushback::After(Duration::from_secs(7))));
    }

    #[test]
    fn an_error_is_transient() {
        let result: Result<Response<()>, &str> = Err("connection refused");
        assert!(HttpClassifier::new().classify(&result).is_transient());
    }
}
