use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

/// What a connection is doing: hyper keeps it to itself.
#[derive(Clone, Debug)]
pub(super) struct Activity(watch::Sender<Requests>);

#[derive(Debug, Default)]
struct Requests {
    begun: bool,
    in_flight: usize,
}

/// One request in flight, from its head to the end of the answer's body.
#[derive(Debug)]
struct InFlight(Activity);

/// The body of an answer that is in flight until it is sent.
#[derive(Debug)]
struct Counted {
    body: Body,
    _in_flight: InFlight,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(watch::Sender::default())
    }

    /// Answers a request, which counts until the answer is sent or given up.
    pub(super) async fn answer(
        self,
        app: Router,
        request: http::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let in_flight = self.begin();
        let response = app.oneshot(request.map(Body::new)).await?;
        Ok(response.map(|body| Body::new(Counted { body, _in_flight: in_flight })))
    }

    /// Waits until `patience` is over and no request has begun; else for ever.
    pub(super) async fn never_began(&self, patience: Duration) {
        let mut requests = self.0.subscribe();
        if timeout(patience, requests.wait_for(|requests| requests.begun)).await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until there was no request for so long.
    pub(super) async fn idle(&self, patience: Duration) {
        let mut requests = self.0.subscribe();
        loop {
            // The sender is in this value, so that it is not gone.
            let _ = requests.wait_for(|requests| requests.in_flight == 0).await;
            tokio::select! {
                () = sleep(patience) => return,
                _ = requests.changed() => {}
            }
        }
    }

    fn begin(&self) -> InFlight {
        self.0.send_modify(|requests| {
            requests.begun = true;
            requests.in_flight = requests.in_flight.saturating_add(1);
        });
        InFlight(self.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.send_modify(|requests| requests.in_flight = requests.in_flight.saturating_sub(1));
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
