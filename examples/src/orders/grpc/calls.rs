use bytes::Bytes;
use http::request::Parts;
use mainstay_idempotency::Fingerprint;
use prost::Message;

use super::{convert, v1};
use crate::orders::idempotency::{Call, fingerprint};
use crate::orders::model::OrderId;

/// The most bytes of a message: as many as of a body over HTTP.
pub(super) const MOST_MESSAGE: usize = 64 * 1024;
/// What comes before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

pub(super) const CREATE: Call = Call {
    route: "/orders.v1.OrderService/CreateOrder",
    most_body: PREFIX + MOST_MESSAGE,
    is: |request| request.uri.path() == CREATE.route,
    fingerprint: new_order,
    is_paid: true,
};

pub(super) const CANCEL: Call = Call {
    route: "/orders.v1.OrderService/CancelOrder",
    most_body: PREFIX + MOST_MESSAGE,
    is: |request| request.uri.path() == CANCEL.route,
    fingerprint: cancelled,
    is_paid: false,
};

/// What a message asks for, if it can be read: one message has many encodings.
fn new_order(_: &Parts, body: &Bytes) -> Option<Fingerprint> {
    fingerprint(&convert::new_order(message(body)?).ok()?).ok()
}

fn cancelled(_: &Parts, body: &Bytes) -> Option<Fingerprint> {
    let message: v1::CancelOrderRequest = message(body)?;
    Some(Fingerprint::of([OrderId::parse(&message.id)?.as_bytes().as_slice()]))
}

fn message<M: Message + Default>(body: &Bytes) -> Option<M> {
    let (prefix, message) = body.split_at_checked(PREFIX)?;
    let (is_compressed, length) = prefix.split_first()?;
    let is_whole = u32::try_from(message.len()).is_ok_and(|it| it.to_be_bytes() == length);
    (*is_compressed == 0 && is_whole).then(|| M::decode(message).ok()).flatten()
}
