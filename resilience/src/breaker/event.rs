use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Cause, Name, Open, Status};

/// What a breaker tells whoever observes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It went to another state or mode.
    Changed {
        /// The breaker.
        name: Name,
        /// What it was at.
        from: Status,
        /// What it is at now.
        to: Status,
        /// Why.
        cause: Cause,
        /// How long it will be open.
        wait: Option<Duration>,
    },
    /// It rejected a call.
    Rejected(Open),
    /// It let a call through that it would have rejected, as it is in the shadow mode.
    WouldReject(Open),
    /// The result of a call came too late to count: since the call was let through, the breaker has
    /// gone to another state or mode, or its window was just being made anew.
    Late {
        /// The breaker.
        name: Name,
        /// What it is at now.
        status: Status,
        /// The epoch in which the call was let through.
        epoch: u32,
        /// Whether it would have counted as failed.
        failed: bool,
    },
    /// Probes have kept their places for longer than their [lease](super::HalfOpen::lease), and have
    /// lost them. It is told when the next call asks for a place. They still count if they end
    /// while the breaker is half-open.
    LeaseEnded {
        /// The breaker.
        name: Name,
        /// What it is at now.
        status: Status,
        /// How many probes.
        probes: usize,
    },
}

/// Is told what a breaker does. Closures from an [`Event`] do.
///
/// It is never called under a lock, and may use the breaker. What happens at the same time on
/// several threads may be told out of order: the epochs tell which was first. It is also called
/// from destructors: it should be quick, and must not panic.
pub trait Observe: Send + Sync {
    /// This has happened.
    fn observe(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Observe for F {
    fn observe(&self, event: &Event) {
        self(event);
    }
}

/// The states of a breaker, one after the other: from
/// [`CircuitBreaker::states`](super::CircuitBreaker::states).
///
/// Of several changes in a row it may show only the last.
#[derive(Clone, Debug)]
pub struct States {
    pub(super) receiver: watch::Receiver<Status>,
}

impl States {
    /// What the breaker is at now.
    pub fn current(&self) -> Status {
        *self.receiver.borrow()
    }

    /// Waits for a change that was not seen yet. `None` once the breaker is gone.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn changed(&mut self) -> Option<Status> {
        self.receiver.changed().await.ok()?;
        Some(*self.receiver.borrow_and_update())
    }
}

/// Whom to tell.
pub(super) struct Audience {
    states: watch::Sender<Status>,
    observer: Option<Arc<dyn Observe>>,
}

impl Audience {
    pub(super) fn new(status: Status, observer: Option<Arc<dyn Observe>>) -> Self {
        Self { states: watch::Sender::new(status), observer }
    }

    pub(super) fn subscribe(&self) -> States {
        States { receiver: self.states.subscribe() }
    }

    /// Without an observer no event is made.
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.observer {
            observer.observe(&event());
        }
    }

    /// Shows what is now. That is asked here, as changes may get here in another order than they
    /// were made.
    #[cfg(not(mainstay_loom))]
    pub(super) fn show(&self, now: impl FnOnce() -> Status) {
        self.states.send_if_modified(|shown| {
            let now = now();
            let is_news = now != *shown;
            *shown = now;
            is_news
        });
    }

    /// The lock of the channel is none of `loom`'s: no other thread may get its turn under it.
    #[cfg(mainstay_loom)]
    pub(super) fn show(&self, now: impl FnOnce() -> Status) {
        let now = now();
        self.states.send_replace(now);
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("observed", &self.observer.is_some())
            .finish_non_exhaustive()
    }
}
