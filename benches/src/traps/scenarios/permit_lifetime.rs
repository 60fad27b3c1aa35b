use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower::util::BoxCloneService;

use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{HttpServer, Library};
use crate::traps::rig::runtime;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let entered = runtime().enter();
    let service = L::body_limit(server())?;
    drop(entered);
    let call = || runtime().block_on(service.clone().oneshot(Request::new(())));
    let first = call();
    ensure(first.is_ok(), || "rejects the first call".to_owned())?;
    let second = call();
    ensure(second.is_err(), || "lets in a second call, while the first body is unread".to_owned())?;
    drop(first);
    ensure(call().is_ok(), || "keeps the permit of a body that is gone".to_owned())
}

fn server() -> HttpServer {
    BoxCloneService::new(tower::service_fn(|_| async {
        let body = Full::new(Bytes::from_static(b"body"));
        Ok(Response::new(body.map_err(|never| match never {}).boxed_unsync()))
    }))
}
