//! Every shape a type can have.
#![deny(warnings)]

use mainstay_errors::{Fault, PublicMessage};

#[derive(Debug, thiserror::Error, Fault)]
#[error("order {order_id} not in {table}")]
#[fault(not_found, domain = "orders.example.com", types = "https://errors.example.com/")]
#[fault(reason = "ORDER_NOT_FOUND", message = "There is no order {order_id}.")]
#[fault(title = "No such order", help = "https://example.com/help")]
struct Named {
    #[fault(public)]
    order_id: u64,
    table: &'static str,
}

#[derive(Debug, thiserror::Error, Fault)]
#[error("{0} {1}")]
#[fault(aborted, status = 412, reason = "CHANGED", message = "It is at {1} now.")]
struct Tuple(u64, #[fault(public = "version")] u64);

#[derive(Debug, thiserror::Error, Fault)]
#[error("unit")]
#[fault(internal, reason = "UNIT", message = "It broke.")]
struct Unit;

#[derive(Debug, thiserror::Error, Fault)]
#[error("no fields")]
#[fault(internal, reason = "NO_FIELDS", message = "It broke.")]
struct NoFields {}

#[derive(Debug, thiserror::Error, Fault)]
#[error("no fields")]
#[fault(internal, reason = "NO_FIELDS", message = "It broke.")]
struct EmptyTuple();

#[derive(Debug, thiserror::Error, Fault)]
enum Empty {}

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum EmptyWithDomain {}

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum Mixed {
    #[error("named {id}")]
    #[fault(not_found, reason = "NAMED", message = "There is no {id}.")]
    Named {
        #[fault(public)]
        id: u64,
    },

    #[error("tuple")]
    #[fault(unavailable, reason = "TUPLE", message = "Not now.", retry_after = "500ms")]
    Tuple(#[source] std::io::Error),

    #[error("unit")]
    #[fault(internal, reason = "UNIT", message = "It broke.")]
    Unit,
}

/// A variant whose name is also an associated function's, a prelude's and the type's own.
#[derive(Debug, thiserror::Error, Fault)]
enum Some {
    #[error("none")]
    #[fault(not_found, reason = "NONE", message = "None.")]
    None,
    #[error("ok")]
    #[fault(not_found, reason = "SOME_OK", message = "Ok {field_0}.")]
    Ok {
        #[fault(public)]
        field_0: u8,
        #[fault(public)]
        f: u8,
        #[fault(public)]
        visit: u8,
    },
}

fn message(fault: &dyn Fault) -> String {
    PublicMessage(fault).to_string()
}

fn main() {
    let named = Named { order_id: 7, table: "orders_2026" };
    assert_eq!(message(&named), "There is no order 7.");
    let mut metadata = Vec::new();
    named.metadata(&mut |key, value| metadata.push((key.to_owned(), value.to_string())));
    assert_eq!(metadata, [("orderId".to_owned(), "7".to_owned())]);
    assert_eq!(named.kind().type_uri, Option::Some("https://errors.example.com/ORDER_NOT_FOUND"));

    assert_eq!(message(&Tuple(7, 9)), "It is at 9 now.");
    assert_eq!(Tuple(7, 9).kind().http_status(), 412);
    assert_eq!(message(&Unit), "It broke.");
    assert_eq!(message(&NoFields {}), "It broke.");
    assert_eq!(message(&EmptyTuple()), "It broke.");
    assert!(Empty::table().rows().is_empty());
    assert!(EmptyWithDomain::table().rows().is_empty());
    assert_eq!(Mixed::table().rows().len(), 3);
    assert_eq!(message(&Mixed::Named { id: 1 }), "There is no 1.");
    assert_eq!(
        Mixed::Tuple(std::io::Error::other("host:5432")).retry_after().map(|it| it.as_millis()),
        Option::Some(500)
    );
    assert_eq!(message(&Mixed::Unit), "It broke.");
    assert_eq!(message(&Some::None), "None.");
    assert_eq!(message(&Some::Ok { field_0: 1, f: 2, visit: 3 }), "Ok 1.");
}
