use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

use super::GatewayError;
use crate::orders::context::RequestContext;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(15);

/// What a call to the gateway passes through. It is boxed, as the layers' types are nobody's
/// concern and a call over the network does not notice.
pub(super) type Stack = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, GatewayError>;

/// The layers, outermost first. The request brings its [`RequestContext`] as an extension.
pub(super) fn build() -> Stack {
    let stack = ServiceBuilder::new()
        .map_request(pass_context_on)
        .map_err(GatewayError::Connection)
        .service(client());
    BoxCloneSyncService::new(stack)
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector)
}

fn pass_context_on(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    if let Some(context) = request.extensions_mut().remove::<RequestContext>() {
        context.write_to(request.headers_mut());
    }
    request
}
