use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, Uri, header};

use super::attempt::Attempt;
use super::event::Event;
use super::key_header::key_of;
use super::refused::{Refused, RefusedKind};
use super::settle::{Ending, Settle};
use crate::{Fingerprint, Guarantee, Key, Scope};

/// What a request has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// A key: without one it is refused.
    Required,
    /// A key, or it runs without protection.
    Optional,
    /// No matter what: it runs without protection.
    Ignored,
}

/// What becomes of requests while the store does not answer or is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOutage {
    /// They are refused. So is one whose answer could not be stored after it had run: that may be
    /// asked for again, and what is told then is what is true for all. While the lease lasts the
    /// store is asked further to keep it.
    Refuse,
    /// They run without protection. What the store has and cannot be read is refused all the same.
    Run,
}

/// A closure of the user's that looks at the head of a request.
pub(super) type Of<T> = Arc<dyn Fn(&Parts) -> T + Send + Sync>;
type FingerprintOf = Arc<dyn Fn(&Parts, &Bytes) -> Fingerprint + Send + Sync>;
type Observer = Arc<dyn Fn(&Event) + Send + Sync>;
type Allowed = Pin<Box<dyn Future<Output = bool> + Send>>;

/// What the layer was told.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) scope: Of<Option<Scope>>,
    pub(super) rule: Rule,
    pub(super) methods: Vec<Method>,
    pub(super) target: Option<Of<Uri>>,
    pub(super) fingerprint: Option<FingerprintOf>,
    pub(super) outcomes: Arc<dyn Fn(Ending) -> Settle + Send + Sync>,
    pub(super) reauthorize: Option<Of<Allowed>>,
    pub(super) replayed: Vec<HeaderName>,
    pub(super) on_outage: OnOutage,
    pub(super) lease: Duration,
    pub(super) keep: Duration,
    pub(super) wait: Duration,
    pub(super) store_timeout: Duration,
    pub(super) stream_after: Duration,
    pub(super) request_limit: usize,
    pub(super) response_limit: usize,
    pub(super) takes_over: bool,
    pub(super) goes_on: bool,
    pub(super) most_detached: usize,
    pub(super) observer: Option<Observer>,
}

#[derive(Clone)]
pub(super) enum Rule {
    All(KeyRule),
    By(Of<KeyRule>),
}

/// The headers that are given again unless more are named: those that say what the body is, where
/// the thing is that was made, what to do next, and what gRPC has for a status.
const REPLAYED: [HeaderName; 21] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_DISPOSITION,
    header::LOCATION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::CACHE_CONTROL,
    header::VARY,
    header::LINK,
    header::ALLOW,
    header::CONTENT_LOCATION,
    header::RETRY_AFTER,
    header::TRAILER,
    HeaderName::from_static("preference-applied"),
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("sunset"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// What is of a connection, or of how a body is sent over it: it is never given again.
const FRAMING: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

pub(super) fn is_framing(name: &HeaderName) -> bool {
    FRAMING.contains(name)
}

impl Config {
    pub(super) fn new<G: Guarantee>(scope: Of<Option<Scope>>) -> Self {
        Self {
            scope,
            rule: Rule::All(KeyRule::Required),
            methods: vec![Method::POST, Method::PATCH],
            target: None,
            fingerprint: None,
            outcomes: Arc::new(Settle::by_default::<G>),
            reauthorize: None,
            replayed: REPLAYED.to_vec(),
            on_outage: OnOutage::Refuse,
            lease: Duration::from_secs(10),
            keep: Duration::from_secs(24 * 60 * 60),
            wait: Duration::from_secs(2),
            store_timeout: Duration::from_secs(3),
            stream_after: Duration::from_secs(1),
            request_limit: 1 << 20,
            response_limit: 1 << 20,
            takes_over: G::TAKES_OVER,
            goes_on: true,
            most_detached: 1024,
            observer: None,
        }
    }

    /// The key that the request is to run under, if it is to run under one.
    pub(super) fn key(&self, request: &Parts) -> Result<Option<Key>, Refused> {
        if !self.methods.contains(&request.method) {
            return Ok(None);
        }
        let rule = match &self.rule {
            Rule::All(rule) => *rule,
            Rule::By(rule) => rule(request),
        };
        if rule == KeyRule::Ignored {
            return Ok(None);
        }
        let invalid = |_| Refused::new(RefusedKind::KeyInvalid);
        let Some(key) = key_of(&request.headers).map_err(invalid)? else {
            return match rule {
                KeyRule::Required => Err(Refused::new(RefusedKind::KeyMissing)),
                KeyRule::Optional | KeyRule::Ignored => Ok(None),
            };
        };
        let scope = (self.scope)(request).ok_or(Refused::new(RefusedKind::ScopeMissing))?;
        let key = Key::new(&scope, &key).map_err(invalid)?;
        // Inside of this layer once more it would wait for itself.
        let runs_already = request.extensions.get::<Attempt>().map(Attempt::key) == Some(key);
        Ok(if runs_already { None } else { Some(key) })
    }

    pub(super) fn fingerprint(&self, request: &Parts, body: &Bytes) -> Fingerprint {
        if let Some(fingerprint) = &self.fingerprint {
            return fingerprint(request, body);
        }
        let target = self.target.as_ref().map(|target| target(request));
        let uri = target.as_ref().unwrap_or(&request.uri);
        let query = uri.query().unwrap_or_default();
        let [method, path] = [request.method.as_str(), uri.path()];
        Fingerprint::of([method.as_bytes(), path.as_bytes(), query.as_bytes(), body])
    }

    /// Whether the answer to another try may be given to this one.
    pub(super) async fn reauthorize(&self, request: &Parts) -> Result<(), Refused> {
        let Some(reauthorize) = &self.reauthorize else { return Ok(()) };
        let allowed = reauthorize(request).await;
        if allowed { Ok(()) } else { Err(Refused::new(RefusedKind::ReplayForbidden)) }
    }

    /// Where nobody listens no event is made.
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.observer {
            observer(&event());
        }
    }

    pub(super) fn is_replayed(&self, name: &HeaderName) -> bool {
        self.replayed.contains(name) && !is_framing(name)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("lease", &self.lease)
            .field("keep", &self.keep)
            .field("wait", &self.wait)
            .field("takes_over", &self.takes_over)
            .finish_non_exhaustive()
    }
}
