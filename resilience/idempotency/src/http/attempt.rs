use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::flight::Flight;
use crate::{Fence, Held, Key};

/// What a handler can know of the claim that it runs under: in the extensions of its request.
///
/// ```
/// use axum::Extension;
/// use mainstay_idempotency::Attempt;
///
/// async fn create(Extension(attempt): Extension<Attempt>) {
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
    pub fn lost(&self) -> CancellationToken {
        self.flight.lost_token()
    }
}
