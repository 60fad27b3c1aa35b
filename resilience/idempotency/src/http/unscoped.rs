use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::request::Parts;

use super::config::Config;
use super::detach::Tasks;
use super::flight::Flights;
use crate::{Guarantee, IdempotencyLayer, Scope, Store};

/// At most so many tries of one process are known to each other.
const MOST_FLIGHTS: usize = 1 << 16;

/// The beginning of a layer: call [`scope`](Self::scope) to say whose keys are whose, which makes it
/// an [`IdempotencyLayer`]. Nothing else can be done with it.
///
/// ```compile_fail
/// # fn f(store: impl mainstay_idempotency::Store, inner: ()) {
/// use mainstay_idempotency::IdempotencyLayer;
/// use tower::Layer;
///
/// // A key that is not scoped answers one client with what another has done.
/// let service = IdempotencyLayer::at_least_once(store).layer(inner);
/// # }
/// ```
#[must_use = "it is no layer yet: say whose keys are whose"]
pub struct Unscoped<St, G> {
    store: St,
    guarantee: PhantomData<G>,
}

impl<St: Store, G: Guarantee> Unscoped<St, G> {
    pub(super) fn new(store: St) -> Self {
        Self { store, guarantee: PhantomData }
    }

    /// Says within what a client's key is its own: a [`Scope`] from the head of the request, or
    /// an `Option` of one. A request with a key and without a scope is refused.
    ///
    /// Take the caller as authentication has found it, and the route; never the peer's port. In a
    /// router that is nested the path is not the client's: see [`target`](IdempotencyLayer::target).
    ///
    /// ```
    /// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
    ///
    /// let layer = IdempotencyLayer::at_least_once(MemoryStore::default()).scope(|request| {
    ///     let caller = request.headers.get("x-api-key")?.to_str().ok()?;
    ///     Some(Scope::of([caller, request.uri.path()]))
    /// });
    /// ```
    pub fn scope<R>(
        self,
        scope: impl Fn(&Parts) -> R + Send + Sync + 'static,
    ) -> IdempotencyLayer<St, G>
    where
        R: Into<Option<Scope>>,
    {
        IdempotencyLayer {
            store: Arc::new(self.store),
            config: Config::new::<G>(Arc::new(move |request| scope(request).into())),
            flights: Arc::new(Flights::new(MOST_FLIGHTS)),
            tasks: Tasks::new(),
            guarantee: PhantomData,
        }
    }
}

impl<St, G> fmt::Debug for Unscoped<St, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unscoped").finish_non_exhaustive()
    }
}
