use std::sync::Arc;

use http::HeaderMap;

use super::config::Config;
use super::log;
use super::raw::Raw;
use super::request::Seen;
use crate::{Fault, GrpcStatus, RemoteFault};

/// What a gRPC response needs of its request until its last frame: a stream that fails half-way
/// says so in its trailers.
#[derive(Debug)]
pub(super) struct Trailers {
    pub(super) seen: Seen,
    pub(super) config: Arc<Config>,
}

impl Trailers {
    /// Gives a status without details its shape, and logs any that is an error. Its causes are
    /// not known here: the wire form is all that has reached this point.
    pub(super) fn shape(&self, trailers: &mut HeaderMap) {
        let Some(remote) = RemoteFault::from_grpc(trailers) else {
            return;
        };
        self.seen.occurrence(&self.config, |occurrence| {
            if !remote.reason().is_empty() {
                log::fault(&remote.clone().relay(), occurrence, &remote);
                return;
            }
            let raw = Raw::new(remote.code(), remote.message(), false);
            log::fault(&raw, occurrence, &remote);
            if remote.details() == &crate::Details::default() {
                GrpcStatus::new(&raw as &dyn Fault).at(occurrence).write_headers(trailers);
            }
        });
    }
}
