//! A call through a layer, as the cases about layers make it.
//!
//! One operation is what a server does for one request: it clones the service, waits until the
//! clone is ready, calls it and polls the future to its end. Every layer of a case stands around
//! the same [`Backend`] and is driven by the same function.

mod backend;
pub(crate) mod counted;
mod pinned;
pub(crate) mod seatbelt;
mod two_threads;

use std::hint::{black_box, spin_loop};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{EnterGuard, Runtime};
use tower_service::Service;

use crate::{Operation, operation};
pub(crate) use backend::{Backend, Fault};
pub(crate) use pinned::Pinned;
pub(crate) use two_threads::{on_two_threads, repeat_on_two_threads};

/// The request that the backend answers with [`ANSWER`].
pub(crate) const GOOD: u64 = 7;
/// The request that the backend refuses.
pub(crate) const BAD: u64 = 0;
/// What it makes of [`GOOD`].
pub(crate) const ANSWER: u64 = 8;

/// The operation that makes one good call.
pub(crate) fn repeat<S>(service: S) -> Operation
where
    S: Service<u64, Response = u64> + Clone + 'static,
{
    let entered = enter();
    operation(move || {
        black_box(&entered);
        exchange(&service, black_box(GOOD))
    })
}

/// Makes the thread one of a runtime for as long as the guard lives. To enter takes longer than
/// what is measured, so that it is done once, and the runtime lives as long as the program.
pub(crate) fn enter() -> EnterGuard<'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime: &'static Runtime = Box::leak(Box::new(runtime.expect("a runtime with a timer")));
    runtime.enter()
}

/// One call: its result, or nothing where the service was not ready.
#[inline(never)]
pub(crate) fn exchange<S>(service: &S, request: u64) -> Option<Result<u64, S::Error>>
where
    S: Service<u64, Response = u64> + Clone,
{
    let mut cx = Context::from_waker(Waker::noop());
    let mut service = service.clone();
    let Poll::Ready(ready) = service.poll_ready(&mut cx) else {
        return None;
    };
    if let Err(error) = ready {
        return Some(Err(error));
    }
    let mut future = pin!(service.call(request));
    loop {
        // The backend never waits, but a peer whose lock is an async one does, while another
        // thread has it.
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(result) => return Some(result),
            Poll::Pending => spin_loop(),
        }
    }
}

/// The answer, if there was one.
pub(crate) fn answer<S>(service: &S, request: u64) -> Option<u64>
where
    S: Service<u64, Response = u64> + Clone,
{
    exchange(service, request)?.ok()
}

/// Panics unless good calls are answered and bad ones are not.
pub(crate) fn check<S>(service: &S)
where
    S: Service<u64, Response = u64> + Clone,
{
    let _entered = enter();
    assert_eq!(answer(service, GOOD), Some(ANSWER));
    assert!(matches!(exchange(service, BAD), Some(Err(_))));
}
