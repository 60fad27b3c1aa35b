use axum::{Router, middleware};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_reflection::server::Builder as Reflection;

use super::v1::DESCRIPTORS;
use super::v1::order_service_server::OrderServiceServer;
use super::{calls, ending, unread};
use crate::orders::idempotency::{Guards, guarded_all};
use crate::orders::middleware::check_timeouts;
use crate::orders::service::Orders;

/// Tells the health service what to say.
pub type HealthReporter = tonic_health::server::HealthReporter;

/// The service, its health and its reflection. What still streams when `closing` is cancelled ends
/// then.
pub async fn router(
    orders: Orders,
    guards: &mut Guards,
    closing: CancellationToken,
) -> Result<(Router, HealthReporter), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<OrderServiceServer<Orders>>().await;
    let orders = OrderServiceServer::new(orders).max_decoding_message_size(calls::MOST_MESSAGE);
    // Many clients speak the older protocol only, grpcio's among them.
    let routes = Routes::new(orders)
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    let guarded = [calls::CREATE, calls::CANCEL]
        .into_iter()
        .fold(routes.into_axum_router(), |routes, call| guarded_all(routes, guards.guard(call)));
    let router = guarded
        .route_layer(middleware::from_fn(check_timeouts))
        .layer(middleware::from_fn_with_state(closing, ending::with_the_service))
        .layer(middleware::from_fn(unread::name));
    Ok((router, reporter))
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
