//! What a layer can be told.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, Uri};

use super::config::Rule;
use super::event::Event;
use super::outage::OnOutage;
use super::rule::KeyRule;
use super::settle::{Ending, Settle};
use crate::{Fingerprint, Guarantee, IdempotencyLayer, Store};

/// The shortest that a lease may be.
const SHORTEST_LEASE: Duration = Duration::from_millis(10);

impl<St: Store, G: Guarantee> IdempotencyLayer<St, G> {
    /// Requests without a key are refused. This is the default. Around a gRPC server all calls are
    /// POST, those that only read as well: see [`required_by`](Self::required_by).
    #[must_use]
    pub fn required(self) -> Self {
        self.rule(KeyRule::Required)
    }

    /// Requests without a key run without protection.
    #[must_use]
    pub fn optional(self) -> Self {
        self.rule(KeyRule::Optional)
    }

    fn rule(mut self, rule: KeyRule) -> Self {
        self.config.rule = Rule::All(rule);
        self
    }

    /// Says of each request whether it has to have a key, such as by its path.
    #[must_use]
    pub fn required_by(mut self, rule: impl Fn(&Parts) -> KeyRule + Send + Sync + 'static) -> Self {
        self.config.rule = Rule::By(Arc::new(rule));
        self
    }

    /// The methods that have effects. By default POST and PATCH: PUT and DELETE can be repeated as
    /// they are. Others pass, with or without a key.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.config.methods = methods.into_iter().collect();
        self
    }

    /// How long a claim lasts unless it is renewed, which it is at each third: the longest that a
    /// retry waits for a process that has died. By default 10 s, and at least 10 ms.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.config.lease = lease.max(SHORTEST_LEASE);
        self
    }

    /// How long an answer is kept: the time within which a client may retry. By default 24 h, in
    /// which a [`MemoryStore`](crate::MemoryStore) by default takes 1.2 new keys in a second.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.config.keep = keep;
        self
    }

    /// How long a try waits for another one with its key that runs, before it is refused. By
    /// default 2 s. Where both are in this process it is woken; else it asks the store, ever more
    /// seldom.
    ///
    /// One that waits keeps the inner service that was ready for it, such as its place under a
    /// limit on concurrency inside of this layer: put that limit around it, or the wait at less.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.config.wait = wait;
        self
    }

    /// How long a call of the store may take in all, with up to three repetitions. By default 3 s.
    ///
    /// One that is not answered within a fifth of it is repeated, and the third of these is given
    /// half: a store that always takes longer than that counts as down.
    #[must_use]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.config.store_timeout = timeout;
        self
    }

    /// The most bytes that the body of a request with a key may have, as it is read before anything
    /// is done. By default 1 MiB; larger ones are refused.
    #[must_use]
    pub fn request_limit(mut self, bytes: usize) -> Self {
        self.config.request_limit = bytes;
        self
    }

    /// The most bytes that the body of an answer may have to be kept. By default 1 MiB; larger
    /// ones are passed on, and are [`Ending::Unstorable`]. So is one whose headers and trailers
    /// take 16 KiB more than what the body leaves of this.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.config.response_limit = bytes;
        self
    }

    /// How long the body of an answer may take after its head, if it does not say how long it is.
    /// By default 1 s. What takes longer is a stream, as `text/event-stream` always is: it is
    /// passed on, and is [`Ending::Unstorable`]: its key is settled when its head goes out. Where
    /// the effect happens as the stream is read, a client that leaves it ends the effect half-way,
    /// and no retry runs it again unless [`outcomes`](Self::outcomes) says so of these.
    #[must_use]
    pub fn stream_after(mut self, time: Duration) -> Self {
        self.config.stream_after = time;
        self
    }

    /// Another policy of what becomes of the key when a try has ended than
    /// [`Settle::by_default`], which it can ask for all that it has no opinion on.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{AtLeastOnce, Ending, IdempotencyLayer, Scope, Settle};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .outcomes(|ending| match ending {
    ///         Ending::Panicked => Settle::Release, // the effect is the handler's last step
    ///         other => Settle::by_default::<AtLeastOnce>(other),
    ///     });
    /// ```
    #[must_use]
    pub fn outcomes(mut self, outcomes: impl Fn(Ending) -> Settle + Send + Sync + 'static) -> Self {
        self.config.outcomes = Arc::new(outcomes);
        self
    }

    /// What becomes of requests while the store does not answer. By default they are refused.
    ///
    /// Each finds out for itself, which takes the whole of [`store_timeout`](Self::store_timeout)
    /// where the store hangs; duplicates in this process wait for the first to do so, and run as
    /// well, if they may [wait](Self::wait) that long: have that be the longer of the two.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use std::time::Duration;
    ///
    /// use mainstay_idempotency::{IdempotencyLayer, OnOutage, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// // A like that is counted twice is better than one that is refused.
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .on_outage(OnOutage::Run)
    ///     .store_timeout(Duration::from_millis(300));
    /// ```
    #[must_use]
    pub fn on_outage(mut self, on_outage: OnOutage) -> Self {
        self.config.on_outage = on_outage;
        self
    }

    /// The path and query that the client has sent, where they are not those of the request any
    /// more. The [fingerprint](Self::fingerprint) is by default made of them.
    ///
    /// A layer inside of a router that is nested in another sees the path without the prefix, so
    /// that `/tenants/7/charges` and `/tenants/8/charges` are the same request to it. The scope has
    /// to look at the original as well:
    ///
    /// ```
    /// use axum::extract::OriginalUri;
    /// use http::Uri;
    /// use http::request::Parts;
    /// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
    ///
    /// fn target(request: &Parts) -> Uri {
    ///     let original = request.extensions.get().map(|OriginalUri(uri)| uri);
    ///     original.unwrap_or(&request.uri).clone()
    /// }
    ///
    /// let layer = IdempotencyLayer::at_least_once(MemoryStore::new())
    ///     .scope(|request| {
    ///         let caller = request.headers.get("x-api-key")?.to_str().ok()?;
    ///         Some(Scope::of([caller, target(request).path()]))
    ///     })
    ///     .target(target);
    /// ```
    #[must_use]
    pub fn target(mut self, target: impl Fn(&Parts) -> Uri + Send + Sync + 'static) -> Self {
        self.config.target = Some(Arc::new(target));
        self
    }

    /// Another way to tell whether two requests ask for the same. By default method, path, query
    /// and body have to be equal byte for byte, which two encodings of one protobuf message need
    /// not be, nor two of one JSON document.
    ///
    /// What is [sent to another target](Self::target) differs only if this says so.
    #[must_use]
    pub fn fingerprint(
        mut self,
        fingerprint: impl Fn(&Parts, &Bytes) -> Fingerprint + Send + Sync + 'static,
    ) -> Self {
        self.config.fingerprint = Some(Arc::new(fingerprint));
        self
    }

    /// Asks whether a caller may still have the answer that a try with its key was given, before
    /// it is. Authentication goes around this layer and has been asked already; what the handler
    /// itself checks has not.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{IdempotencyLayer, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .reauthorize(|request| {
    ///         let caller = request.headers.get("x-api-key").cloned();
    ///         async move { caller.is_some_and(|caller| caller != "revoked") }
    ///     });
    /// ```
    #[must_use]
    pub fn reauthorize<F>(mut self, allowed: impl Fn(&Parts) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.config.reauthorize = Some(Arc::new(move |request| Box::pin(allowed(request))));
        self
    }

    /// More headers that are given again with the answer. By default those that say what the body
    /// is (`Content-*`, `ETag`, `Last-Modified`, `Cache-Control`, `Vary`), `Location`, `Link`,
    /// `Deprecation`, `Sunset`, `Allow`, `Retry-After`, `Preference-Applied`, `Trailer` and gRPC's
    /// own. `Set-Cookie` never is, nor what is of the connection or says how long the body is.
    ///
    /// Trailers all are, and so are the headers of a gRPC error that are its trailers at once.
    #[must_use]
    pub fn replay_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config.replayed.extend(names);
        self
    }

    /// The handler is dropped when its client goes away, as hyper does it, and the try is
    /// [`Ending::Cancelled`]. By default it runs to its end in a task of its own.
    #[must_use]
    pub fn dropped_with_the_client(mut self) -> Self {
        self.config.goes_on = false;
        self
    }

    /// At most so many handlers run on without their client; those beyond it are dropped, and are
    /// [`Ending::Cancelled`]. By default 1024.
    ///
    /// What comes after a handler is not counted: the answer of one that has ended is stored, and
    /// the key of one that was dropped is settled, up to 1024 of these at a time. Of those beyond it
    /// the lease runs out.
    #[must_use]
    pub fn most_detached(mut self, handlers: usize) -> Self {
        self.config.most_detached = handlers;
        self
    }

    /// Is told what no answer tells of: what ran without protection, and what could not be stored,
    /// given up or waited for. It is called in between, so it should not take long. By default
    /// nobody is told, which costs nothing.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{Event, IdempotencyLayer, OnOutage, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .on_outage(OnOutage::Run)
    ///     .observe(|event| match event {
    ///         Event::Unprotected { key, error, .. } => eprintln!("{key} unprotected: {error:?}"),
    ///         event => eprintln!("{} {}", event.as_str(), event.key()),
    ///     });
    /// ```
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.config.observer = Some(Arc::new(observer));
        self
    }
}
