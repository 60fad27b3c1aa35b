//! Tries that go on when their client has gone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::config::Config;
use super::event::Event;
use super::flight::{Flight, Leaving};
use crate::Key;

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

    /// Runs this, if there is room and a runtime. Whether there is.
    pub(super) fn settle(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        self.may_settle() && spawn(&self.settling, work)
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

/// Whether there is a runtime to run it on.
fn spawn(tracker: &TaskTracker, work: impl Future<Output = ()> + Send + 'static) -> bool {
    let runtime = Handle::try_current();
    runtime.map(|runtime| runtime.spawn(tracker.track_future(work))).is_ok()
}

/// What a try knows of its layer, whatever the store.
pub(super) trait Layered: Send + Sync {
    fn config(&self) -> &Config;
    fn tasks(&self) -> &Tasks;
}

/// Whether it may be, and where.
pub(super) struct Detach {
    pub(super) key: Key,
    pub(super) flight: Arc<Flight>,
    pub(super) layer: Arc<dyn Layered>,
}

impl Detach {
    fn detach(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (config, tasks, key) = (self.layer.config(), self.layer.tasks(), self.key);
        match self.flight.leaving() {
            Leaving::AsSaid if config.goes_on => {
                let has_room = tasks.handlers.len() < config.most_detached;
                if !(has_room && spawn(&tasks.handlers, work)) {
                    config.tell(|| Event::HandlerDropped { key });
                }
            }
            Leaving::Drops | Leaving::AsSaid => {}
            // The effect has happened: that it is known is worth the room for a call of the store.
            Leaving::GoesOn => {
                if !tasks.settle(work) {
                    config.tell(|| Event::NotSettled { key });
                }
            }
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
        if let Some(job) = self.job.take() {
            self.detach.detach(async { drop(job.await) });
        }
    }
}
