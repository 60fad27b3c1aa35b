//! Whether the process is alive, and whether it should be sent requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tokio_util::sync::CancellationToken;

use super::OrderError;
use super::store::Store;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What readiness depends on.
#[derive(Clone, Debug)]
pub(super) struct Health {
    store: Store,
    draining: CancellationToken,
}

impl Health {
    /// Ready as long as the database answers and nobody drains.
    pub(super) fn new(store: Store, draining: CancellationToken) -> Self {
        Self { store, draining }
    }

    /// Whether the process should be sent requests.
    pub(super) async fn ready(&self) -> Result<(), OrderError> {
        if self.draining.is_cancelled() {
            return Err(OrderError::Draining);
        }
        match tokio::time::timeout(PATIENCE, self.store.ping()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }
}

/// `GET /healthz` and `GET /readyz`.
pub(super) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(Arc::new(health))
}

async fn alive() -> Response {
    constant(r#"{"status":"alive"}"#)
}

async fn ready(State(health): State<Arc<Health>>) -> Result<Response, OrderError> {
    health.ready().await?;
    Ok(constant(r#"{"status":"ready"}"#))
}

/// An answer that is always the same needs nobody to write it.
fn constant(json: &'static str) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response()
}
