//! Tries that go on when their client has gone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::flight::{Flight, Leaving};
use super::service::Shared;

type Job<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A try that is polled in place. Dropped at a point where it has to go on, it is spawned: that
/// costs what a task costs, and only then.
pub(super) struct Running<T: 'static> {
    /// `None` once it has ended, or panicked.
    job: Option<Job<T>>,
    detach: Detach,
}

/// Whether it may be, and where.
pub(super) struct Detach {
    flight: Arc<Flight>,
    tasks: TaskTracker,
    most: usize,
    by_policy: bool,
}

impl Detach {
    pub(super) fn new<St>(shared: &Shared<St>, flight: &Arc<Flight>) -> Self {
        Self {
            flight: Arc::clone(flight),
            tasks: shared.detached.clone(),
            most: shared.config.most_detached,
            by_policy: shared.config.goes_on,
        }
    }

    fn is_due(&self) -> bool {
        let wanted = match self.flight.leaving() {
            Leaving::Drops => false,
            Leaving::AsSaid => self.by_policy,
            Leaving::GoesOn => true,
        };
        wanted && self.tasks.len() < self.most
    }
}

impl<T: 'static> Running<T> {
    pub(super) fn new(job: Job<T>, detach: Detach) -> Self {
        Self { job: Some(job), detach }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        // Taken, so that what panics is not spawned afterwards.
        let Some(mut job) = self.job.take() else { return Poll::Pending };
        let polled = job.as_mut().poll(cx);
        if polled.is_pending() {
            self.job = Some(job);
        }
        polled
    }
}

impl<T: 'static> Drop for Running<T> {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        if !self.detach.is_due() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let tasks = &self.detach.tasks;
            runtime.spawn(tasks.track_future(async { drop(job.await) }));
        }
    }
}
