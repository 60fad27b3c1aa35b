//! A server and a client of `tonic`, as they are.

use mainstay_idempotency::IdempotencyLayer;
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::health_reporter;
use tower::Layer;

use super::support::*;

fn asks(service: &str, key: &str) -> Request<HealthCheckRequest> {
    let mut request = Request::new(HealthCheckRequest { service: service.into() });
    request.metadata_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn calls_are_replayed_and_refused() {
    let (reporter, server) = health_reporter();
    reporter.set_service_status("a", ServingStatus::Serving).await;
    let store = store();
    let layer = IdempotencyLayer::at_least_once(store.clone())
        .scope(|request| mainstay_idempotency::Scope::of([request.uri.path()]));
    let mut client = HealthClient::new(layer.respond().layer(server));

    for is_replayed in [false, true] {
        let answer = client.check(asks("a", "1")).await.unwrap();
        assert_eq!(answer.get_ref().status, ServingStatus::Serving as i32);
        assert_eq!(answer.metadata().contains_key("idempotency-replayed"), is_replayed);
    }
    for is_replayed in [false, true] {
        let error = client.check(asks("unknown", "2")).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::NotFound, "service not registered"));
        assert_eq!(error.metadata().contains_key("idempotency-replayed"), is_replayed);
    }
    let error = client.check(asks("other", "1")).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    let without = Request::new(HealthCheckRequest::default());
    assert_eq!(client.check(without).await.unwrap_err().code(), Code::InvalidArgument);

    let mut stream = client.watch(asks("a", "3")).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.status, ServingStatus::Serving as i32);
    let error = client.watch(asks("a", "3")).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(store.completions.count(), 3);
}
