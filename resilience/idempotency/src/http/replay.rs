//! Answers that are given again.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use http_body::Body;

use super::body::IdempotencyBody;
use super::record::{Record, Unreadable};
use super::refused::{Refused, RefusedKind};
use crate::{StoreError, StoreErrorKind};

/// What tells an answer that is given again from the first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The answer of a record: status, headers that are kept, body and trailers as they were.
pub(super) fn replay<B: Body<Data = Bytes>>(
    record: Bytes,
    grpc: bool,
) -> Result<Response<IdempotencyBody<B>>, Refused> {
    let answer = match Record::decode(record) {
        Ok(Record::Answer(answer)) => answer,
        Ok(Record::Marker) => return Err(Refused::new(RefusedKind::AnswerNotKept)),
        Err(Unreadable) => return Err(Refused::store(StoreError::new(StoreErrorKind::Unreadable))),
    };
    if answer.grpc != grpc {
        // Whatever the fingerprint says: neither form means anything in the other.
        return Err(Refused::new(RefusedKind::KeyReused));
    }
    let mut response = Response::new(IdempotencyBody::whole(answer.body, answer.trailers));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
