use mainstay_examples::orders::grpc::v1;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// A right order of one line.
pub(crate) fn order_message() -> v1::CreateOrderRequest {
    v1::CreateOrderRequest {
        customer_email: "ann@example.com".to_owned(),
        currency: "EUR".to_owned(),
        lines: vec![v1::OrderLine { sku: "A-1".to_owned(), quantity: 2, unit_price_cents: 250 }],
        note: None,
    }
}

/// A message with metadata.
pub(crate) fn with_metadata<T>(message: T, metadata: &[(&'static str, &str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in metadata {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    request
}

/// A message with an idempotency key.
pub(crate) fn keyed<T>(message: T, key: &str) -> Request<T> {
    with_metadata(message, &[("idempotency-key", key)])
}

/// Holds a status against the shape that all errors have.
pub(crate) fn assert_status(status: &Status, code: Code, reason: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert!(!status.message().is_empty(), "{status:?}");
    let details = status.check_error_details().unwrap();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "orders.example.com"));
    let request = details.request_info().expect("a RequestInfo");
    let id = status.metadata().get("x-request-id").expect("an id").to_str().unwrap();
    assert_eq!(request.request_id, id);
}
