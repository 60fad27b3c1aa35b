use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

thread_local! {
    static CAUSE: Cell<Option<DropCause>> = const { Cell::new(None) };
}

/// Why a call was dropped before it had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropCause {
    /// The call, or what ran beside it on this thread, panicked.
    Panicked,
    /// It took longer than was allowed.
    TimedOut,
    /// The caller's deadline came: it may have left too little time.
    Deadline,
    /// Nobody waits for the answer any more.
    CallerGone,
    /// Another attempt at the same thing was faster.
    Superseded,
    /// The response was there, and its body was not read to the end.
    Unread,
    /// Nobody said why. Behind it may be a timeout of another crate, or a caller that is gone.
    Unknown,
}

impl DropCause {
    /// All causes.
    pub const ALL: &'static [Self] = &Self::EACH;

    pub(super) const EACH: [Self; 7] = [
        Self::Panicked,
        Self::TimedOut,
        Self::Deadline,
        Self::CallerGone,
        Self::Superseded,
        Self::Unread,
        Self::Unknown,
    ];

    /// What a destructor that runs now is told.
    pub(super) fn current() -> Self {
        if std::thread::panicking() {
            return Self::Panicked;
        }
        CAUSE.try_with(Cell::get).ok().flatten().unwrap_or(Self::Unknown)
    }
}

/// Drops a value, and tells all permits in it that they are dropped for this cause.
pub fn drop_as<T>(cause: DropCause, value: T) {
    let _scope = Scope::enter(cause);
    drop(value);
}

/// Runs a future; if that is dropped before it has ended, all permits in it are told that it was
/// for this cause.
///
/// It goes around what somebody else drops: a timeout of another crate, or a server that drops a
/// request when its client hangs up.
///
/// ```
/// use mainstay_resilience::permit::{DropCause, dropped_as};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let call = dropped_as(DropCause::TimedOut, std::future::pending::<()>());
/// assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
/// # }
/// ```
pub fn dropped_as<F: Future>(cause: DropCause, future: F) -> DroppedAs<F> {
    DroppedAs { future: Some(future), cause }
}

pin_project! {
    /// The future of [`dropped_as`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct DroppedAs<F> {
        #[pin]
        future: Option<F>,
        cause: DropCause,
    }

    impl<F> PinnedDrop for DroppedAs<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _scope = Scope::enter(*this.cause);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for DroppedAs<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        }
    }
}

/// The cause of all drops on this thread while it lives, unless there is one already: whoever
/// dropped the outermost had the reason, and what is inside only goes along.
pub(crate) struct Scope {
    outermost: bool,
}

impl Scope {
    pub(crate) fn enter(cause: DropCause) -> Self {
        // Where the thread is being torn down there is nobody left to tell.
        let outer = CAUSE.try_with(|it| it.replace(it.get().or(Some(cause))));
        Self { outermost: outer == Ok(None) }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if self.outermost {
            let _ = CAUSE.try_with(|it| it.set(None));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;

    use super::*;

    /// Says with what cause it was dropped.
    struct Witness(mpsc::Sender<DropCause>);

    impl Drop for Witness {
        fn drop(&mut self) {
            self.0.send(DropCause::current()).unwrap();
        }
    }

    fn seen(drop_it: impl FnOnce(Witness)) -> DropCause {
        let (sender, receiver) = mpsc::channel();
        drop_it(Witness(sender));
        receiver.recv().unwrap()
    }

    fn unfinished(cause: DropCause, witness: Witness) -> DroppedAs<impl Future<Output = ()>> {
        dropped_as(cause, async move {
            let _witness = witness;
            std::future::pending::<()>().await;
        })
    }

    #[test]
    fn who_drops_leaves_word() {
        assert_eq!(seen(drop), DropCause::Unknown);
        assert_eq!(seen(|it| drop_as(DropCause::Superseded, it)), DropCause::Superseded);
        assert_eq!(seen(drop), DropCause::Unknown);
        let gone = seen(|it| drop(unfinished(DropCause::CallerGone, it)));
        assert_eq!(gone, DropCause::CallerGone);
    }

    #[test]
    fn a_panic_is_seen_by_itself() {
        let panicked = seen(|it| {
            let _ = catch_unwind(AssertUnwindSafe(move || {
                let _witness = it;
                panic!("on purpose");
            }));
        });
        assert_eq!(panicked, DropCause::Panicked);
    }

    #[test]
    fn the_outermost_has_the_reason() {
        let cause = seen(|it| {
            let inner = unfinished(DropCause::TimedOut, it);
            drop_as(DropCause::CallerGone, inner);
        });
        assert_eq!(cause, DropCause::CallerGone);
    }
}
