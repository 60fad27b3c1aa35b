use http::{HeaderMap, HeaderName, Response};
use mainstay_core::{Clock, Code, Pushback};

use super::{Classify, HttpClassifier, Verdict};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Judges gRPC calls by their code: that of a trailers-only response, or of the trailers at the
/// end of the body.
///
/// | code | verdict |
/// |---|---|
/// | `UNAVAILABLE` | transient failure (AIP-194) |
/// | `RESOURCE_EXHAUSTED` | failure, transient where the other side says when to come back |
/// | `UNKNOWN`, `DEADLINE_EXCEEDED`, `INTERNAL`, `DATA_LOSS` | failure |
/// | `CANCELLED` | ignored |
/// | `OK` and the others, which are about the request | success |
///
/// A negative `grpc-retry-pushback-ms` forbids every retry. A response without any `grpc-status`
/// was written by something on the way, and is judged by its HTTP status.
#[derive(Clone)]
pub struct GrpcClassifier {
    http: HttpClassifier,
}

impl GrpcClassifier {
    /// A classifier that measures dates in `Retry-After` against the system's clock.
    pub const fn new() -> Self {
        Self { http: HttpClassifier::new() }
    }

    /// The same with another clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self { http: HttpClassifier::with_clock(clock) }
    }

    /// Judges the headers of a response: `None` if what it came to is only said in the trailers.
    pub fn classify_headers<B>(&self, response: &Response<B>) -> Option<Verdict> {
        if response.headers().contains_key(GRPC_STATUS) {
            return Some(self.classify_trailers(response.headers()));
        }
        (!response.status().is_success()).then(|| self.http.classify(response))
    }

    /// Judges the trailers, or the headers of a trailers-only response. Without a `grpc-status`
    /// the stream was cut off: a transient failure.
    pub fn classify_trailers(&self, trailers: &HeaderMap) -> Verdict {
        let Some(status) = trailers.get(GRPC_STATUS) else {
            return Verdict::transient();
        };
        let number = status.to_str().ok().and_then(|number| number.parse().ok());
        let code = number.and_then(Code::from_number).unwrap_or(Code::Unknown);
        verdict(code, self.http.pushback(trailers))
    }
}

fn verdict(code: Code, pushback: Option<Pushback>) -> Verdict {
    let verdict = match code {
        Code::Unavailable => Verdict::transient(),
        Code::ResourceExhausted if pushback.is_some() => Verdict::transient(),
        Code::ResourceExhausted
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::Internal
        | Code::DataLoss => Verdict::failure(),
        Code::Cancelled => Verdict::ignored(),
        _ => Verdict::success(),
    };
    verdict.with_pushback(pushback)
}

impl Default for GrpcClassifier {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for GrpcClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrpcClassifier").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainstay_core::Outcome;

    use super::*;

    fn trailers(status: &str, pushback: Option<&str>) -> HeaderMap {
        let mut trailers = HeaderMap::new();
        trailers.insert(GRPC_STATUS, status.parse().unwrap());
        if let Some(millis) = pushback {
            trailers.insert("grpc-retry-pushback-ms", millis.parse().unwrap());
        }
        trailers
    }

    fn judge(status: &str, pushback: Option<&str>) -> Verdict {
        GrpcClassifier::new().classify_trailers(&trailers(status, pushback))
    }

    #[test]
    fn every_code_has_its_verdict() {
        for code in Code::ALL {
            let verdict = judge(&code.number().to_string(), None);
            let outcome = match code {
                Code::Cancelled => Outcome::Ignored,
                Code::Unavailable
                | Code::ResourceExhausted
                | Code::Unknown
                | Code::DeadlineExceeded
                | Code::Internal
                | Code::DataLoss => Outcome::Failure,
                _ => Outcome::Success,
            };
            assert_eq!(verdict.outcome(), outcome, "{code}");
            assert_eq!(verdict.is_transient(), code == Code::Unavailable, "{code}");
        }
        assert_eq!(judge("17", None).outcome(), Outcome::Failure);
        assert_eq!(judge("x", None).outcome(), Outcome::Failure);
    }

    #[test]
    fn pushback_allows_and_forbids() {
        let exhausted = judge("8", Some("250"));
        assert!(exhausted.is_transient());
        assert_eq!(exhausted.pushback(), Some(Pushback::After(Duration::from_millis(250))));
        for stop in ["-1", "soon"] {
            assert!(!judge("14", Some(stop)).is_transient());
            assert!(!judge("8", Some(stop)).is_transient());
        }
    }

    #[test]
    fn a_stream_without_an_end_has_failed() {
        let verdict = GrpcClassifier::new().classify_trailers(&HeaderMap::new());
        assert!(verdict.is_transient());
    }

    #[test]
    fn headers_alone_tell_only_an_early_end() {
        let classifier = GrpcClassifier::new();
        let mut response = Response::new(());
        assert_eq!(classifier.classify_headers(&response), None);
        *response.headers_mut() = trailers("5", None);
        let early = classifier.classify_headers(&response).unwrap();
        assert_eq!(early.outcome(), Outcome::Success);
        // A proxy that knows no gRPC.
        let mut response = Response::new(());
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        assert!(classifier.classify_headers(&response).unwrap().is_transient());
    }
}
