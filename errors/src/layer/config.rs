use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use tower_layer::Layer;

use super::service::FaultService;
use super::status;
use crate::error::Carried;
use crate::fault::Chain;
use crate::{Error, Fault};

/// Gives every error of a service the one shape: a problem document over HTTP, a status with
/// details over gRPC.
///
/// | what the inner service does | what the client gets |
/// |---|---|
/// | a handler's fault | the fault, rendered anew with request id, trace id and domain |
/// | a status of 400 or more with an empty or `text/plain` body, as routers and extractors make | a fault with a reason of its own, such as `ROUTE_NOT_FOUND`, `METHOD_NOT_ALLOWED`, `BODY_TOO_LARGE`; status and headers such as `Allow` stay |
/// | a gRPC status without details, in headers or trailers | a fault with a reason of its own; its message stays if [messages are public](Self::public_status_messages) |
/// | an error | the fault inside it, by [`recognise`](Self::recognise), else `INTERNAL` |
/// | a panic | `INTERNAL`, also in the middle of a gRPC stream |
/// | any other response, also a problem that came from elsewhere | untouched |
///
/// Plain text of an error response goes to the log and not to the client, because nobody said
/// that it is public: the text of an extractor names types and fields of the code. A HEAD request
/// is answered without a body. A status that a middleware has changed on the way stays.
///
/// Each fault is logged once, at a level that follows its code (`ERROR` for internal ones, `WARN`
/// where the service could not do its work, `INFO` for the client's mistakes), with the causes and
/// the notes that the client never sees. Of an error in the middle of a gRPC stream only the wire
/// form gets here, in the trailers: its causes are to be logged where it is made.
///
/// Put it outside routers, extractors, load shedding and timeouts, and inside whatever makes
/// request ids and inside a gRPC-Web translator. (tonic's own `Server::timeout` and limits are
/// outside of every layer: what they answer is not seen here.) It reads a
/// [`RequestId`](mainstay_core::RequestId) from the request's extensions, else from
/// `x-request-id`, else makes one; the trace id comes from `traceparent`. Nothing is allocated
/// for a request that succeeds.
///
/// Its service never fails, so that it fits `axum::Router::layer` as it is; an error of the
/// inner service's `poll_ready` is kept and answers the next call. It adds no cancellation
/// points: dropping its future drops the inner one.
///
/// ```
/// use mainstay_errors::FaultLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let router = service_fn(|_: http::Request<String>| async {
///     let mut response = http::Response::new(String::new());
///     *response.status_mut() = http::StatusCode::NOT_FOUND; // what a router does
///     Ok::<_, std::convert::Infallible>(response)
/// });
/// let service = FaultLayer::new().domain("orders.example.com").layer(router);
///
/// let response = service.oneshot(http::Request::new(String::new())).await.unwrap();
/// assert_eq!(response.status(), 404);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct FaultLayer {
    config: Arc<Config>,
}

/// What the layer was told, shared by all clones of its services.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) domain: Option<Cow<'static, str>>,
    pub(super) public_status_messages: bool,
    recognisers: Vec<Recogniser>,
}

/// Finds a fault in an error of a type that was registered.
#[derive(Clone)]
enum Recogniser {
    Fault(for<'a> fn(&'a (dyn StdError + 'static)) -> Option<&'a dyn Fault>),
    Foreign(Arc<Make>),
}

type Make = dyn Fn(&(dyn StdError + 'static)) -> Option<Error> + Send + Sync;

/// A fault that was found in an error.
pub(super) enum Found<'a> {
    Error(&'a Error),
    Fault(&'a dyn Fault),
    Made(Error),
}

impl FaultLayer {
    /// A layer that knows no domain and no error types but this crate's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// The domain of faults that name none, such as those of routers.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.config).domain = Some(domain.into());
        self
    }

    /// Says that the message of a gRPC status which a handler wrote by hand is for the client.
    ///
    /// By default such a message is only logged, because nobody said that it is public:
    /// `Status::from` of an error has the error's text as its message. Messages of internal
    /// errors (`INTERNAL`, `UNKNOWN`, `DATA_LOSS`) are never shown.
    #[must_use]
    pub fn public_status_messages(mut self) -> Self {
        Arc::make_mut(&mut self.config).public_status_messages = true;
        self
    }

    /// Finds faults of this type in boxed errors, anywhere in their chain of causes.
    ///
    /// A `tower` stack boxes the errors of its layers, and in a box a type is seen only by who
    /// asks for it. [`Error`] is always found.
    #[must_use]
    pub fn recognise<F: Fault>(mut self) -> Self {
        let find = Recogniser::Fault(|error| error.downcast_ref::<F>().map(|fault| fault as _));
        Arc::make_mut(&mut self.config).recognisers.push(find);
        self
    }

    /// Says which fault an error of a foreign type amounts to, anywhere in a chain of causes.
    ///
    /// ```
    /// # use mainstay_errors::{Fault, FaultLayer};
    /// # #[derive(Debug, thiserror::Error, Fault)]
    /// # #[error("too slow")]
    /// # #[fault(deadline_exceeded, reason = "TOO_SLOW", message = "It took too long.")]
    /// # struct TooSlow;
    /// let layer = FaultLayer::new()
    ///     .recognise_as(|_: &tower::timeout::error::Elapsed| TooSlow.into());
    /// ```
    #[must_use]
    pub fn recognise_as<E: StdError + 'static>(
        mut self,
        make: impl Fn(&E) -> Error + Send + Sync + 'static,
    ) -> Self {
        let find = move |error: &(dyn StdError + 'static)| error.downcast_ref::<E>().map(&make);
        let find = Recogniser::Foreign(Arc::new(find));
        Arc::make_mut(&mut self.config).recognisers.push(find);
        self
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = FaultService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        FaultService::new(inner, Arc::clone(&self.config))
    }
}

impl Config {
    /// The first link of the chain that is a fault, by the types that were registered.
    pub(super) fn find<'a>(&self, error: &'a (dyn StdError + 'static)) -> Option<Found<'a>> {
        Chain(error).links().find_map(|link| {
            if let Some(carried) = link.downcast_ref::<Carried>() {
                return Some(Found::Error(carried.error()));
            }
            if let Some(error) = status::error_of(link, self.public_status_messages) {
                return Some(Found::Made(error));
            }
            self.recognisers.iter().find_map(|recogniser| recogniser.find(link))
        })
    }
}

impl Recogniser {
    fn find<'a>(&self, link: &'a (dyn StdError + 'static)) -> Option<Found<'a>> {
        match self {
            Recogniser::Fault(find) => find(link).map(Found::Fault),
            Recogniser::Foreign(find) => find(link).map(Found::Made),
        }
    }
}

impl std::fmt::Debug for Recogniser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recogniser")
    }
}
