//! The two things a caller holds: a service, and the future of a call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::layered::{Answer, BoxFuture, Erased};
use super::message::BoxError;
use super::rig::{Checked, Rig, ensure};

/// How often something that was woken is polled before it counts as never ready.
const POLLS: usize = 32;

/// A service, and the task that waits for it.
pub(super) struct Caller<'r> {
    rig: &'r Rig,
    service: Box<dyn Erased>,
    task: Arc<Task>,
}

impl<'r> Caller<'r> {
    pub(super) fn new(rig: &'r Rig, service: Box<dyn Erased>) -> Self {
        Self { rig, service, task: Arc::default() }
    }

    /// Polls in a new task, which takes the place of the one before.
    pub(super) fn poll_ready(&mut self) -> Poll<Result<(), BoxError>> {
        self.task = Arc::default();
        let waker = Waker::from(Arc::clone(&self.task));
        let polled = self.service.poll_ready(&mut Context::from_waker(&waker));
        self.rig.settle();
        polled
    }

    pub(super) fn woken(&self) -> bool {
        self.task.woken()
    }

    /// Polls as long as it is woken, until it is ready.
    pub(super) fn become_ready(&mut self) -> Checked {
        for _ in 0..POLLS {
            match self.poll_ready() {
                Poll::Ready(Ok(())) => return Ok(()),
                Poll::Ready(Err(error)) => return Err(format!("readiness failed: {error}")),
                Poll::Pending => ensure(self.woken(), "it is not ready, and was not woken")?,
            }
        }
        Err("it is woken again and again, and never ready".to_owned())
    }

    pub(super) fn call(&mut self, number: u64) -> InFlight<'r> {
        let future = Some(self.service.call(number));
        self.rig.settle();
        InFlight { rig: self.rig, future, task: Arc::default() }
    }

    /// Becomes ready and has a call answered.
    pub(super) fn passes(&mut self, number: u64) -> Checked {
        self.become_ready()?;
        self.call(number).passes(number)
    }
}

/// A clone of the service, with a task of its own.
impl Clone for Caller<'_> {
    fn clone(&self) -> Self {
        Self::new(self.rig, self.service.clone_box())
    }
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Answer),
    Failed(BoxError),
    Panicked,
}

/// A call that was made, and the task that waits for it.
pub(super) struct InFlight<'r> {
    rig: &'r Rig,
    /// Taken when it ends, as an await would drop it.
    future: Option<BoxFuture>,
    task: Arc<Task>,
}

impl InFlight<'_> {
    /// Polls in a new task, which takes the place of the one before.
    pub(super) fn poll(&mut self) -> Poll<Outcome> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        self.task = Arc::default();
        let waker = Waker::from(Arc::clone(&self.task));
        let mut cx = Context::from_waker(&waker);
        let polled = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(answer))) => Poll::Ready(Outcome::Answered(answer)),
            Ok(Poll::Ready(Err(error))) => Poll::Ready(Outcome::Failed(error)),
            Err(_) => Poll::Ready(Outcome::Panicked),
        };
        if polled.is_ready() {
            self.future = None;
        }
        self.rig.settle();
        polled
    }

    pub(super) fn woken(&self) -> bool {
        self.task.woken()
    }

    /// Polls as long as it is woken, until it ends. Lets time pass for layers that wait.
    pub(super) fn outcome(&mut self) -> Checked<Outcome> {
        for _ in 0..POLLS {
            if let Poll::Ready(outcome) = self.poll() {
                return Ok(outcome);
            }
            if !self.woken() {
                self.rig.let_time_pass();
            }
            ensure(self.woken(), "its call has not ended, and was not woken")?;
        }
        Err("its call is woken again and again, and never ends".to_owned())
    }

    /// Ends with the probe's response.
    pub(super) fn passes(&mut self, number: u64) -> Checked {
        match self.outcome()? {
            Outcome::Answered(Answer::Passed(answered)) if answered == number => Ok(()),
            other => Err(format!("call {number} should have been answered, and was {other:?}")),
        }
    }
}

/// What a waker points to.
#[derive(Default)]
struct Task(AtomicBool);

impl Task {
    fn woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
