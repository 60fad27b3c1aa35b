use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, Method};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const X_IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");

/// Whether a request may be sent twice without harm: its method is safe or idempotent (RFC 9110,
/// section 9.2), or it has an `Idempotency-Key` or `X-Idempotency-Key`.
///
/// This is what [`HttpRetryLayer`](super::HttpRetryLayer) goes by, unless it is
/// [told otherwise](super::HttpRetryLayer::retry_if).
pub fn is_idempotent(head: &Parts) -> bool {
    has_idempotent_method(head) || has_key(head, &[IDEMPOTENCY_KEY, X_IDEMPOTENCY_KEY])
}

/// Which requests may be sent again.
#[derive(Clone)]
pub(super) enum Eligible {
    ByMethodOrKey,
    ByMethodOr(HeaderName),
    If(Arc<dyn Fn(&Parts) -> bool + Send + Sync>),
}

impl Eligible {
    pub(super) fn allows(&self, head: &Parts) -> bool {
        match self {
            Self::ByMethodOrKey => is_idempotent(head),
            Self::ByMethodOr(name) => {
                has_idempotent_method(head) || has_key(head, std::slice::from_ref(name))
            }
            Self::If(allows) => allows(head),
        }
    }
}

impl fmt::Debug for Eligible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByMethodOrKey | Self::ByMethodOr(_) => "ByMethodOrKey",
            Self::If(_) => "If",
        })
    }
}

fn has_idempotent_method(head: &Parts) -> bool {
    matches!(
        head.method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}

/// A key that is empty tells no request from another.
fn has_key(head: &Parts, names: &[HeaderName]) -> bool {
    names.iter().any(|name| head.headers.get(name).is_some_and(|key| !key.is_empty()))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(method: &str, header: Option<(&str, &str)>) -> Parts {
        let mut request = Request::builder().method(method);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn every_method_is_safe_to_repeat_or_not() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
            assert!(is_idempotent(&head(method, None)), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "PROPFIND", "get"] {
            assert!(!is_idempotent(&head(method, None)), "{method}");
        }
    }

    #[test]
    fn a_key_makes_any_request_safe_to_repeat() {
        for name in ["idempotency-key", "x-idempotency-key"] {
            assert!(is_idempotent(&head("POST", Some((name, "1")))));
            assert!(!is_idempotent(&head("POST", Some((name, "")))));
        }
        let own = Eligible::ByMethodOr(HeaderName::from_static("request-key"));
        assert!(own.allows(&head("POST", Some(("request-key", "1")))));
        assert!(!own.allows(&head("POST", Some(("idempotency-key", "1")))));
        assert!(own.allows(&head("GET", None)));
    }
}
