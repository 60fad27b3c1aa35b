//! Between the messages of the wire and what they mean.

use bytes::Bytes;
use prost::Message;
use tonic::{Code, Status};

use super::v1;
use crate::orders::OrderError;
use crate::orders::model::{
    LineDraft, ListDraft, ListQuery, NewOrder, Order, OrderDraft, REQUIRED, Violations,
};

/// The order that a message asks for.
pub(super) fn new_order(message: v1::CreateOrderRequest) -> Result<NewOrder, OrderError> {
    let mut wrong = Violations::default();
    let lines = message.lines.into_iter().enumerate();
    let lines = lines.map(|(at, line)| line_draft(line, at, &mut wrong)).collect();
    let draft = OrderDraft {
        customer_email: given(message.customer_email, "/customer_email", &mut wrong),
        currency: given(message.currency, "/currency", &mut wrong),
        lines: Some(lines),
        note: message.note,
    };
    let order = draft.check(&mut wrong);
    wrong.finish(order)
}

/// The list that a message asks for.
pub(super) fn list_query(message: v1::ListOrdersRequest) -> Result<ListQuery, OrderError> {
    let mut wrong = Violations::default();
    let draft = ListDraft {
        status: message.status,
        currency: message.currency,
        min_total_cents: message.min_total_cents,
        limit: message.limit,
        cursor: message.cursor,
    };
    let query = draft.check(|name, how| wrong.body(format!("/{name}"), how));
    wrong.finish(Some(query))
}

/// What a `google.rpc.Status` has outside of its details.
#[derive(Clone, PartialEq, Eq, Message)]
struct Head {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The status that an encoded `google.rpc.Status` is.
pub(in crate::orders) fn status_of(encoded: Bytes) -> Status {
    match Head::decode(encoded.clone()) {
        Ok(head) => Status::with_details(Code::from_i32(head.code), head.message, encoded),
        Err(error) => OrderError::Internal(error.into()).into(),
    }
}

impl From<Order> for v1::Order {
    fn from(order: Order) -> Self {
        let lines = order.lines.into_iter().map(|line| v1::OrderLine {
            sku: line.sku,
            quantity: line.quantity,
            unit_price_cents: line.unit_price_cents,
        });
        Self {
            id: order.id.to_string(),
            status: order.status.as_str().to_owned(),
            customer_email: order.customer_email,
            currency: order.currency.as_str().to_owned(),
            total_cents: order.total_cents,
            lines: lines.collect(),
            payment_id: order.payment_id,
            created_at: order.created_at.to_string(),
        }
    }
}

fn line_draft(line: v1::OrderLine, at: usize, wrong: &mut Violations) -> LineDraft {
    LineDraft {
        sku: given(line.sku, format!("/lines/{at}/sku"), wrong),
        quantity: Some(line.quantity),
        unit_price_cents: Some(line.unit_price_cents),
    }
}

/// A field that must not be empty: proto3 does not tell the empty text from none.
fn given(text: String, pointer: impl Into<String>, wrong: &mut Violations) -> Option<String> {
    if text.is_empty() {
        wrong.body(pointer, REQUIRED);
        return None;
    }
    Some(text)
}
