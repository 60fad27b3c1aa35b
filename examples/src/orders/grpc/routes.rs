use axum::{Router, middleware};
use tonic::service::Routes;
use tonic_reflection::server::Builder as Reflection;

use super::unread;
use super::v1::DESCRIPTORS;
use super::v1::order_service_server::OrderServiceServer;
use crate::orders::service::Orders;

/// The most bytes of a message: as many as of a body over HTTP.
const MOST_MESSAGE: usize = 64 * 1024;

/// Tells the health service what to say.
pub type HealthReporter = tonic_health::server::HealthReporter;

/// The service, its health and its reflection.
pub async fn router(
    orders: Orders,
) -> Result<(Router, HealthReporter), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<OrderServiceServer<Orders>>().await;
    let reflection = Reflection::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let orders = OrderServiceServer::new(orders).max_decoding_message_size(MOST_MESSAGE);
    let routes = Routes::new(orders).add_service(health).add_service(reflection);
    let router = routes.into_axum_router().layer(middleware::from_fn(unread::name));
    Ok((router, reporter))
}
