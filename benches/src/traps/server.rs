//! The service behind the policies: it does what a request says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::sync::watch;
use tower_service::Service;

/// A request, and what shall come of it.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// It succeeds at once.
    Good,
    /// It fails at once.
    Bad,
    /// It never ends.
    Hang,
    /// It ends when somebody says how.
    Later(watch::Receiver<Option<bool>>),
}

/// What can come of a call but success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server failed.
    Server,
    /// The policy did not let the call in.
    Rejected,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Failure {}

/// How ready the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready = 0,
    Never = 1,
    Fails = 2,
}

/// Keeps the tower contract, and counts who does not: a clone has to be polled ready before each
/// call.
#[derive(Debug, Default)]
pub(super) struct Server {
    state: Arc<State>,
    ready: bool,
}

#[derive(Debug, Default)]
struct State {
    readiness: AtomicU8,
    calls: AtomicUsize,
    unready_calls: AtomicUsize,
}

impl Server {
    pub(super) fn be(&self, readiness: Readiness) {
        self.state.readiness.store(readiness as u8, Ordering::SeqCst);
    }

    pub(super) fn calls(&self) -> usize {
        self.state.calls.load(Ordering::SeqCst)
    }

    pub(super) fn unready_calls(&self) -> usize {
        self.state.unready_calls.load(Ordering::SeqCst)
    }
}

impl Clone for Server {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), ready: false }
    }
}

impl Service<Ask> for Server {
    type Response = ();
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let readiness = self.state.readiness.load(Ordering::SeqCst);
        if readiness == Readiness::Never as u8 {
            return Poll::Pending;
        }
        if readiness == Readiness::Fails as u8 {
            return Poll::Ready(Err(Failure::Server));
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Self::Future {
        self.state.calls.fetch_add(1, Ordering::SeqCst);
        if !std::mem::take(&mut self.ready) {
            self.state.unready_calls.fetch_add(1, Ordering::SeqCst);
        }
        Box::pin(answer(ask))
    }
}

async fn answer(ask: Ask) -> Result<(), Failure> {
    let good = match ask {
        Ask::Good => true,
        Ask::Bad => false,
        Ask::Hang => std::future::pending().await,
        Ask::Later(mut told) => match told.wait_for(Option::is_some).await.map(|good| *good) {
            Ok(good) => good == Some(true),
            Err(_) => std::future::pending().await,
        },
    };
    if good { Ok(()) } else { Err(Failure::Server) }
}
