use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Polls the future in place; where it is given up before its end, a task goes on with it.
pub(crate) fn to_the_end<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> ToTheEnd<T> {
    ToTheEnd(Some(Box::pin(future)))
}

/// In a box, as it may have to be moved to a task half-way.
pub(crate) struct ToTheEnd<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let Some(future) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_ends_whoever_polls_it() {
        assert_eq!(to_the_end(async { 1 }).await, 1);

        let (go, gone) = oneshot::channel::<()>();
        let (sender, ended) = oneshot::channel();
        let mut future = to_the_end(async move {
            gone.await.unwrap();
            sender.send(()).unwrap();
        });
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
        drop(future);
        go.send(()).unwrap();
        ended.await.unwrap();
    }
}
