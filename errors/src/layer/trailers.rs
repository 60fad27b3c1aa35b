use std::sync::Arc;

use http::HeaderMap;

use super::config::Config;
use super::future::Panicked;
use super::log;
use super::raw::Raw;
use super::request::Seen;
use crate::{GrpcStatus, Internal, RemoteFault};

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
            if remote.has_details() {
                let cause = remote.to_string();
                return log::fault(&remote.relay(), occurrence, &cause);
            }
            let raw = Raw::new(remote, self.config.public_status_messages);
            log::fault(&raw, occurrence, &raw);
            GrpcStatus::new(&raw).at(occurrence).write_headers(trailers);
        });
    }

    /// The trailers of a stream whose handler has panicked.
    pub(super) fn of_panic(&self, panicked: &Panicked) -> HeaderMap {
        let mut trailers = HeaderMap::new();
        self.seen.occurrence(&self.config, |occurrence| {
            log::fault(&Internal, occurrence, panicked);
            GrpcStatus::new(&Internal).at(occurrence).write_headers(&mut trailers);
        });
        trailers
    }
}
