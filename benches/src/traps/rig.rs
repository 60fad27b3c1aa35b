//! A policy in the hands of a scenario: calls that are polled by hand, and time that passes when
//! told to.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tower::util::BoxCloneService;
use tower_service::Service;

use super::server::{Ask, Failure};

/// Any policy around the server.
pub(super) type Boxed = BoxCloneService<Ask, (), Failure>;

/// What is seen of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Served,
    Failed,
    Rejected,
    /// It has not ended.
    Waits,
}

/// A breaker, and its time.
pub(super) struct Rig {
    pub(super) service: Boxed,
    pub(super) time: Time,
    /// After how many ticks what has been no longer counts: none in a window of calls.
    pub(super) age: u32,
    /// How many good probes close it, at most.
    pub(super) probes: u32,
}

/// The time of a library. A tick is as long as suits it.
pub(super) struct Time {
    pub(super) tick: Duration,
    /// Whether it is the system's, which passes for all at once.
    pub(super) real: bool,
    pub(super) pass: Box<dyn Fn(Duration)>,
}

impl Time {
    pub(super) fn pass(&self, ticks: u32) {
        (self.pass)(self.tick * ticks);
    }
}

impl Rig {
    /// Makes a call, as far as it goes.
    pub(super) fn start(&self, ask: Ask) -> Flight {
        start(&self.service, ask)
    }

    pub(super) fn call(&self, ask: Ask) -> Seen {
        self.start(ask).seen
    }

    /// A call whose end is told later.
    pub(super) fn start_later(&self) -> Later {
        let (tell, told) = watch::channel(None);
        Later { flight: self.start(Ask::Later(told)), tell }
    }

    /// Fails until it opens; how many failures that took, if it does within so many.
    pub(super) fn trip(&self, most: u32) -> Option<u32> {
        (0..=most).find(|_| self.call(Ask::Bad) == Seen::Rejected)
    }
}

/// Makes a call through a clone, as far as it goes.
pub(super) fn start(service: &Boxed, ask: Ask) -> Flight {
    let _entered = runtime().enter();
    start_anywhere(service, ask)
}

/// The same, but without a runtime in reach, unless there is one.
pub(super) fn start_anywhere(service: &Boxed, ask: Ask) -> Flight {
    let mut service = service.clone();
    let mut cx = Context::from_waker(Waker::noop());
    let seen = match service.poll_ready(&mut cx) {
        Poll::Pending => Seen::Waits,
        Poll::Ready(Err(error)) => seen(&Err(error)),
        Poll::Ready(Ok(())) => {
            let mut flight = Flight { future: Some(service.call(ask)), seen: Seen::Waits };
            flight.poll_anywhere();
            return flight;
        }
    };
    Flight { future: None, seen }
}

type Answer = dyn Future<Output = Result<(), Failure>> + Send;

/// A call under way, or ended. Dropped, it is cancelled.
pub(super) struct Flight {
    future: Option<Pin<Box<Answer>>>,
    pub(super) seen: Seen,
}

impl Flight {
    pub(super) fn poll(&mut self) -> Seen {
        let _entered = runtime().enter();
        self.poll_anywhere()
    }

    fn poll_anywhere(&mut self) -> Seen {
        let mut cx = Context::from_waker(Waker::noop());
        let polled = self.future.as_mut().map(|future| future.as_mut().poll(&mut cx));
        if let Some(Poll::Ready(result)) = polled {
            self.future = None;
            self.seen = seen(&result);
        }
        self.seen
    }
}

/// A call that waits for its end.
pub(super) struct Later {
    pub(super) flight: Flight,
    tell: watch::Sender<Option<bool>>,
}

impl Later {
    pub(super) fn end(mut self, good: bool) -> Seen {
        self.tell.send_replace(Some(good));
        self.flight.poll()
    }
}

fn seen(result: &Result<(), Failure>) -> Seen {
    match result {
        Ok(()) => Seen::Served,
        Err(Failure::Server) => Seen::Failed,
        Err(Failure::Rejected) => Seen::Rejected,
    }
}

/// The runtime of all scenarios: some libraries want one in reach.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime with a timer")
    })
}
