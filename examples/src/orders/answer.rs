//! What a request with a key is answered with: the first time, and whenever it comes again.
//!
//! The answer is rendered once, for the wire that the key came over, when what came of the request
//! is written down. From there on it is bytes: a later release may write an order in another way,
//! and a decline names the request that was declined.

use bytes::Bytes;
use mainstay_errors::{GrpcStatus, Occurrence, Problem};
use prost::Message as _;
use tonic::Status;

use super::OrderError;
use super::context::RequestContext;
use super::grpc::v1;
use super::model::{Order, OrderId};
use crate::serve::Wire;

/// An answer, and whether it was given before.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What came of the request.
    pub outcome: Outcome,
    /// The body, or over gRPC the message or the encoded `google.rpc.Status`, as it was rendered
    /// first.
    pub body: Bytes,
    /// Whether this answers the same request again.
    pub replayed: bool,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is ordered and paid for.
    Ordered(OrderId),
    /// The gateway said no.
    Declined,
    /// The order is called off.
    Cancelled,
}

/// An order, as it is answered over this wire.
pub(super) fn order(wire: Wire, order: &Order) -> Result<Bytes, sqlx::Error> {
    match wire {
        Wire::Http => {
            mainstay_json::to_bytes(order).map_err(|error| sqlx::Error::Encode(error.into()))
        }
        Wire::Grpc => Ok(v1::Order::from(order.clone()).encode_to_vec().into()),
    }
}

/// A decline, as it is answered over this wire to the request with this context.
pub(super) fn decline(wire: Wire, context: &RequestContext) -> Bytes {
    let trace_id = context.trace_id();
    let mut occurrence = Occurrence::new().request_id(context.request_id.as_str());
    if let Some(id) = &trace_id {
        occurrence = occurrence.trace_id(id.as_str());
    }
    let declined = OrderError::Declined;
    match wire {
        Wire::Http => Problem::new(&declined).at(occurrence).to_response().into_body(),
        Wire::Grpc => {
            let response = GrpcStatus::new(&declined).at(occurrence).to_response();
            let status = Status::from_header_map(response.headers());
            status.map(|it| Bytes::copy_from_slice(it.details())).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::grpc::status_of;

    #[test]
    fn a_decline_names_its_request_on_both_wires() {
        let context = RequestContext::background();
        let id = context.request_id.as_str();
        let problem = decline(Wire::Http, &context);
        let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!((&problem["request_id"], &problem["status"]), (&id.into(), &402.into()));
        assert_eq!(problem["trace_id"], context.trace_id().unwrap().as_str());

        let encoded = decline(Wire::Grpc, &context);
        let status = status_of(encoded.clone());
        let usual = Status::from(OrderError::Declined);
        assert_eq!((status.code(), status.message()), (usual.code(), usual.message()));
        assert_eq!(status.details(), encoded);
        assert!(encoded.windows(id.len()).any(|it| it == id.as_bytes()));
    }
}
