use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::flight::Flight;
use crate::{Fence, Held, Key};

/// What a handler can know of the claim that it runs under: in the extensions of its request.
///
/// It is not there where the request runs without protection: it has no key and needs none, its
/// method is not one of those that have effects, or the store is out and
/// [`OnOutage::Run`](crate::OnOutage::Run) is set. An extractor that insists on it answers these
/// with a 500.
///
/// ```
/// use axum::Extension;
/// use mainstay_idempotency::Attempt;
///
/// async fn create(attempt: Option<Extension<Attempt>>) {
///     let Some(Extension(attempt)) = attempt else { return };
///     if attempt.taken_over() {
///         // Look whether the effect is there already …
///     }
///     let _fence = attempt.fence().get(); // … and hand this to what the effect acts on.
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Attempt {
    held: Held,
    flight: Arc<Flight>,
}

impl Attempt {
    pub(super) fn new(held: Held, flight: Arc<Flight>) -> Self {
        Self { held, flight }
    }

    /// The key, within its scope. A key for the next service can be derived from it.
    pub fn key(&self) -> Key {
        self.held.key
    }

    /// Higher than that of every try with this key before.
    pub fn fence(&self) -> Fence {
        self.held.fence
    }

    /// Whether another try had the key, and its lease has ended: its effect may have happened, or
    /// may happen yet.
    pub fn taken_over(&self) -> bool {
        self.held.taken_over
    }

    /// The claim as the store knows it.
    pub fn held(&self) -> Held {
        self.held
    }

    /// Whether the claim is lost, or soon may be. It is said before the lease ends.
    pub fn is_lost(&self) -> bool {
        self.flight.is_lost()
    }

    /// Is cancelled when the claim is lost, or soon may be: another try may then run. What has
    /// not begun should not begin any more.
    ///
    /// It is told while the handler waits: one that blocks its thread cannot be, and its lease is
    /// not renewed meanwhile. Move what blocks to `tokio::task::spawn_blocking`.
    pub fn lost(&self) -> CancellationToken {
        self.flight.lost_token()
    }
}
