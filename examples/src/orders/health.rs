//! Whether the process is alive, and whether it should be sent requests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use mainstay_json::Json;
use serde::Serialize;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::OrderError;
use super::gateway::Gateway;
use super::idempotency::Keys;
use super::service::Orders;
use super::store::Store;

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What readiness depends on, and what else there is to look at.
#[derive(Clone, Debug)]
pub(super) struct Health {
    store: Store,
    keys: Keys,
    gateway: Gateway,
    draining: CancellationToken,
}

impl Health {
    /// Ready as long as the database answers, and the server of keys if there is one, and nobody
    /// drains. Orders can be read without the gateway.
    pub(super) fn new(orders: &Orders, keys: Keys, draining: CancellationToken) -> Self {
        let (store, gateway) = (orders.store.clone(), orders.gateway.clone());
        Self { store, keys, gateway, draining }
    }

    /// Whether the process should be sent requests.
    pub(super) async fn ready(&self) -> Result<(), OrderError> {
        if self.draining.is_cancelled() {
            return Err(OrderError::Draining);
        }
        let (database, keys) = tokio::join!(self.database(), self.idempotency());
        database.and(keys.unwrap_or(Ok(())))
    }

    /// Every dependency by its name. All are looked at at the same time.
    async fn dependencies(&self) -> BTreeMap<&'static str, Dependency> {
        let (database, idempotency, payments) = tokio::join!(
            Dependency::seen(async { Some(self.database().await.is_ok()) }),
            Dependency::seen(async { Some(self.idempotency().await?.is_ok()) }),
            Dependency::seen(async { Some(self.payments().await) }),
        );
        let all = [("database", database), ("idempotency", idempotency), ("payments", payments)];
        all.into_iter().filter_map(|(name, seen)| Some((name, seen?))).collect()
    }

    async fn database(&self) -> Result<(), OrderError> {
        match timeout(PATIENCE, self.store.ping()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }

    /// `None` where keys are with the orders, or in this process.
    async fn idempotency(&self) -> Option<Result<(), OrderError>> {
        let server = self.keys.server.as_ref()?;
        Some(match timeout(PATIENCE, server.ping()).await {
            Ok(answer) => answer.map_err(OrderError::no_keys),
            Err(elapsed) => Err(OrderError::no_keys(elapsed)),
        })
    }

    async fn payments(&self) -> bool {
        timeout(PATIENCE, self.gateway.is_reachable()).await.unwrap_or_default()
    }
}

/// `GET /healthz` and `GET /readyz`.
pub(super) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(Arc::new(health))
}

/// What is told of a dependency.
#[derive(Serialize)]
struct Dependency {
    state: &'static str,
    latency_ms: f64,
}

impl Dependency {
    /// What a look at it finds, and how long that took. `None` if there is no such dependency.
    async fn seen(is_up: impl Future<Output = Option<bool>>) -> Option<Self> {
        let start = Instant::now();
        let state = if is_up.await? { "up" } else { "down" };
        Some(Self { state, latency_ms: start.elapsed().as_secs_f64() * 1000.0 })
    }
}

#[derive(Serialize)]
struct FullBody {
    status: &'static str,
    dependencies: BTreeMap<&'static str, Dependency>,
}

/// Alive it is whatever it depends on: a restart would mend none of that.
async fn alive(State(health): State<Arc<Health>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let is_full = |(name, value): (Cow<'_, str>, Cow<'_, str>)| name == "full" && value == "1";
    if !form_urlencoded::parse(query.as_bytes()).any(is_full) {
        return constant(r#"{"status":"alive"}"#);
    }
    let dependencies = health.dependencies().await;
    Json(FullBody { status: "alive", dependencies }).into_response()
}

async fn ready(State(health): State<Arc<Health>>) -> Result<Response, OrderError> {
    health.ready().await?;
    Ok(constant(r#"{"status":"ready"}"#))
}

/// An answer that is always the same needs nobody to write it.
fn constant(json: &'static str) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response()
}
