//! The area `errors`: making an error, rendering it, and the layer around what is fine.

mod construct;
mod construct_typed;
mod grpc_headers;
mod layer_ok;
mod problem;

use mainstay_errors::Fault;

use crate::Area;

/// The table of its cases.
pub const AREA: Area = Area {
    name: "errors",
    cases: &[
        construct::CASE,
        construct_typed::CASE,
        problem::CASE,
        grpc_headers::CASE,
        layer_ok::CASE,
    ],
};

/// What a handler has in its hands when it renders: an error with two fields for the client.
///
/// Contenders that render start from this value, borrowed. `mainstay` renders it as it is; a peer
/// first makes the type of its own out of it, as an application would in a `From`.
#[derive(Debug, thiserror::Error, Fault)]
#[error("order {order_id} of {shop} not in {table}")]
#[fault(
    not_found,
    domain = "orders.example.com",
    reason = "ORDER_NOT_FOUND",
    message = "There is no order {order_id} in {shop}."
)]
struct NotFound {
    #[fault(public)]
    order_id: u64,
    #[fault(public)]
    shop: String,
    table: &'static str,
}

const TYPE: &str = "https://orders.example.com/problems/ORDER_NOT_FOUND";
const TITLE: &str = "Order not found";
const CODE: &str = "NOT_FOUND";
const REASON: &str = "ORDER_NOT_FOUND";
const DOMAIN: &str = "orders.example.com";

impl NotFound {
    fn example() -> Self {
        Self { order_id: 4_711_001, shop: "berlin-mitte".to_owned(), table: "orders_2026" }
    }
}
