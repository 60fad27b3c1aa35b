#![cfg(feature = "errors")]

use axum::body::Body;
use http::Request;
use mainstay_errors::{Catalogue, FaultLayer};
use mainstay_idempotency::{Refused, RefusedKind};
use tower::{Layer, ServiceBuilder};

use super::support::*;

/// The shape of all errors of a service, with the ids of the request in it.
#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_shape_of_the_service() {
    let effects = Effects::default();
    let handler = orders(&effects, LEASE);
    let inner = tower::service_fn(move |request| {
        let answer = handler(request);
        async { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let service = ServiceBuilder::new()
        .layer(FaultLayer::new().domain("orders.example.com").recognise::<Refused>())
        .service(process(&store()).layer(inner));
    let grpc = |request: Request<Body>| {
        let (mut head, body) = request.into_parts();
        head.headers.insert("content-type", "application/grpc".parse().unwrap());
        Request::from_parts(head, body)
    };

    let mut without = post("a");
    without.headers_mut().remove("idempotency-key");
    without.headers_mut().insert("x-request-id", "r-1".parse().unwrap());
    let seen = ask(&service, without).await;
    assert_eq!(seen.refusal(), refused(400, "IDEMPOTENCY_KEY_MISSING"));
    assert!(seen.text().contains("\"instance\":\"urn:request:r-1\""), "{}", seen.text());

    let (_, second) = tokio::join!(ask(&service, post("a")), ask(&service, post("a")));
    assert_eq!(second.refusal(), refused(409, "IDEMPOTENCY_IN_PROGRESS"));
    assert_eq!(second.headers["retry-after"], "1");

    let (_, second) = tokio::join!(ask(&service, grpc(post("b"))), ask(&service, grpc(post("b"))));
    assert_eq!((second.status, &second.headers["grpc-status"]), (200, &"10".parse().unwrap()));
    assert!(second.headers.contains_key("grpc-status-details-bin"));
}

#[test]
fn a_catalogue_has_all_refusals() {
    let catalogue = Catalogue::new().with::<Refused>().unwrap();
    let document = catalogue.to_json();
    for kind in RefusedKind::ALL {
        assert!(document.contains(kind.reason()), "{kind:?}");
    }
}
