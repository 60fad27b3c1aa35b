use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mainstay_resilience::Rejected;
use mainstay_resilience::breaker::{CircuitBreaker, WatchedBody};
use mainstay_resilience::budget::Budget;
use mainstay_resilience::retry::{PeekBody, ReplayBody, Retry};
use mainstay_resilience::stack::{ClientStack, Refused};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

use crate::orders::context::RequestContext;

/// How long one attempt may take, and less if the deadline is nearer. A bank may well take a
/// second or three to say yes; cutting that off would only ask it twice.
pub(super) const ATTEMPT: Duration = Duration::from_secs(4);
/// The longest wait the gateway may ask for while the caller waits too. What is longer is passed on
/// to the caller, who has better things to do meanwhile than to keep a connection open.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// The retries there may be for each call.
const RETRIES: f64 = 0.1;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(15);

/// What a call to the gateway passes through. It is boxed, as the layers' types are nobody's
/// concern and a call over the network does not notice.
pub(super) type Stack =
    BoxCloneSyncService<Request<Full<Bytes>>, Response<AnswerBody>, Rejected<Refused, ClientError>>;

/// The body of an answer as it comes out of the stack.
pub(super) type AnswerBody = PeekBody<WatchedBody<Incoming>>;

/// Whether an attempt was made: an extension of the request that says so to whoever kept a clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Whether the gateway may have heard of the charge.
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The policies around a client. The request brings its [`RequestContext`], a [`Sent`] and its
/// deadline as extensions; as it has an idempotency key it may be sent again.
pub(super) fn build(breaker: CircuitBreaker) -> Stack {
    let retry = Retry::exponential()
        .attempts(3)
        .budget(Budget::ratio(RETRIES))
        .max_pushback(LONGEST_WAIT)
        .observe(|event| tracing::debug!(?event, "charging again, or not"));
    let attempt = ServiceBuilder::new().map_request(begin_attempt).service(client());
    let stack = ClientStack::http(breaker).retry(retry).attempt_timeout(ATTEMPT).service(attempt);
    BoxCloneSyncService::new(stack)
}

fn client() -> Client<HttpConnector, ReplayBody<Full<Bytes>>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector)
}

/// Innermost, and so for each attempt: notes that it is made, and passes the context on with what
/// is left of the deadline by now.
fn begin_attempt<B>(mut request: Request<B>) -> Request<B> {
    if let Some(Sent(sent)) = request.extensions_mut().remove() {
        sent.store(true, Ordering::Release);
    }
    if let Some(context) = request.extensions_mut().remove::<RequestContext>() {
        context.write_to(request.headers_mut());
    }
    request
}
