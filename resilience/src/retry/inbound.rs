use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::nested::{WithoutRetries, nest};
use super::{Attempt, GRPC_PREVIOUS_RPC_ATTEMPTS};

/// Makes [`Inbound`] services, for servers: a request that is itself a retry is served without
/// retries of our own.
///
/// How many attempts were made before is read from `grpc-previous-rpc-attempts`, and from another
/// header [if one is named](InboundLayer::header). If there were any, the inner service runs as in
/// [`without_retries`](super::without_retries), and finds the [`Attempt`] among the request's
/// extensions. So three services in a row with three attempts each make three calls of the last
/// one, or little more, and not 27.
///
/// The header is believed whoever sent it: all that it can do is to take retries from its request.
///
/// ```
/// use http::{HeaderName, Request, Response};
/// use mainstay_resilience::retry::{InboundLayer, Retry};
/// use std::convert::Infallible;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// const HEADER: HeaderName = HeaderName::from_static("x-previous-attempts");
///
/// let handler = service_fn(async |_: Request<()>| {
///     let policy = Retry::exponential().attempts(3);
///     let made = policy.run(async |attempt| Err::<(), _>(attempt.number())).await;
///     Ok::<_, Infallible>(Response::new(made.unwrap_err()))
/// });
/// let service = InboundLayer::new().header(HEADER).layer(handler);
///
/// let first = Request::new(());
/// assert_eq!(service.clone().oneshot(first).await.unwrap().into_body(), 3);
/// let retry = Request::builder().header(HEADER, 1).body(()).unwrap();
/// assert_eq!(service.oneshot(retry).await.unwrap().into_body(), 1);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct InboundLayer {
    header: Option<HeaderName>,
}

impl InboundLayer {
    /// A layer that reads `grpc-previous-rpc-attempts`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this header as well: the one that
    /// [clients write](super::HttpRetryLayer::attempt_header). Default: none.
    #[must_use]
    pub fn header(self, name: HeaderName) -> Self {
        Self { header: Some(name) }
    }
}

impl<S> Layer<S> for InboundLayer {
    type Service = Inbound<S>;

    fn layer(&self, inner: S) -> Inbound<S> {
        Inbound { inner, header: self.header.clone() }
    }
}

/// Serves requests that are retries without retries of our own; see [`InboundLayer`].
#[derive(Clone, Debug)]
pub struct Inbound<S> {
    inner: S,
    header: Option<HeaderName>,
}

impl<S, B> Service<Request<B>> for Inbound<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = WithoutRetries<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let attempt = self.attempt(request.headers());
        if let Some(attempt) = attempt {
            request.extensions_mut().insert(attempt);
        }
        let nests = attempt.is_some();
        WithoutRetries::new(nest(nests, || self.inner.call(request)), nests)
    }
}

impl<S> Inbound<S> {
    /// The attempt that a request says it is, if it is not the first.
    fn attempt(&self, headers: &HeaderMap) -> Option<Attempt> {
        let names = [Some(&GRPC_PREVIOUS_RPC_ATTEMPTS), self.header.as_ref()];
        let values = names.into_iter().flatten().filter_map(|name| headers.get(name));
        let previous = values.filter_map(|value| read(value.as_bytes())).max()?;
        (previous > 0).then(|| Attempt::after(previous))
    }
}

/// Digits only. What does not fit is a number all the same, and a large one.
fn read(value: &[u8]) -> Option<u32> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(value).ok()?.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(headers: &[(&'static str, &'static str)]) -> Option<u32> {
        let header = Some(HeaderName::from_static("x-previous-attempts"));
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Inbound { inner: (), header }.attempt(&headers.collect()).map(Attempt::number)
    }

    #[test]
    fn either_header_says_it() {
        const GRPC: &str = "grpc-previous-rpc-attempts";
        const OWN: &str = "x-previous-attempts";
        assert_eq!(attempt(&[]), None);
        assert_eq!(attempt(&[(GRPC, "0")]), None);
        assert_eq!(attempt(&[(GRPC, "1")]), Some(2));
        assert_eq!(attempt(&[(OWN, "2")]), Some(3));
        assert_eq!(attempt(&[(GRPC, "0"), (OWN, "2")]), Some(3));
        assert_eq!(attempt(&[(OWN, "99999999999999999999")]), Some(u32::MAX));
        for wrong in ["", "-1", "+1", " 1", "1.0", "one"] {
            assert_eq!(attempt(&[(OWN, wrong)]), None, "{wrong}");
        }
    }
}
