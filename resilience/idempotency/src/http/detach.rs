//! Tries that go on when their client has gone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::flight::{Flight, Leaving};
use super::service::Shared;

/// At most so many keys of tries that were dropped are settled at a time; of those beyond it the
/// lease runs out.
const MOST_SETTLING: usize = 1024;

/// What runs without its client.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    pub(super) handlers: TaskTracker,
    /// Calls of the store that follow a handler, each within the limit on them.
    settling: TaskTracker,
}

impl Tasks {
    pub(super) fn new() -> Self {
        let tasks = Self { handlers: TaskTracker::new(), settling: TaskTracker::new() };
        // They are asked only whether there are none left: there may be new ones all the same.
        tasks.handlers.close();
        tasks.settling.close();
        tasks
    }

    /// Until there are none. Handlers first: what is left of them is settled.
    pub(super) async fn drained(&self) {
        self.handlers.wait().await;
        self.settling.wait().await;
    }

    fn may_settle(&self) -> bool {
        self.settling.len() < MOST_SETTLING
    }

    /// Runs this, if there is room and a runtime.
    pub(super) fn settle(&self, work: impl Future<Output = ()> + Send + 'static) {
        if !self.may_settle() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.settling.track_future(work));
        }
    }
}

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
    tasks: Tasks,
    most: usize,
    by_policy: bool,
}

impl Detach {
    pub(super) fn new<St>(shared: &Shared<St>, flight: &Arc<Flight>) -> Self {
        Self {
            flight: Arc::clone(flight),
            tasks: shared.tasks.clone(),
            most: shared.config.most_detached,
            by_policy: shared.config.goes_on,
        }
    }

    fn tracker(&self) -> Option<&TaskTracker> {
        let Tasks { handlers, settling } = &self.tasks;
        match self.flight.leaving() {
            Leaving::Drops => None,
            Leaving::AsSaid => (self.by_policy && handlers.len() < self.most).then_some(handlers),
            // The effect has happened: that it is known is worth the room for a call of the store.
            Leaving::GoesOn => self.tasks.may_settle().then_some(settling),
        }
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
        let Some(tracker) = self.detach.tracker() else { return };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tracker.track_future(async { drop(job.await) }));
        }
    }
}
