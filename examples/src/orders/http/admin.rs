//! The operator's handle on the circuit breakers.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use bytes::Bytes;
use http::HeaderMap;
use mainstay_json::Json;
use mainstay_resilience::breaker::{CircuitBreaker, Mode, Snapshot};
use serde::Serialize;

use super::json::{self, Members};
use super::routes::{MOST_BODY, check_body, unread};
use crate::orders::OrderError;
use crate::orders::model::Violations;
use crate::orders::model::rules::Wrong;

const FORCE: Wrong = Wrong { reason: "NOT_ALLOWED", detail: "must be one of open, closed, auto" };

type Breakers = State<Arc<[CircuitBreaker]>>;

/// The routes of the operator's listener.
pub fn admin_router(breakers: impl IntoIterator<Item = CircuitBreaker>) -> Router {
    Router::new()
        .route("/admin/breakers", get(list))
        .route("/admin/breakers/{name}", post(force))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .route_layer(from_fn(check_body))
        .with_state(breakers.into_iter().collect())
}

#[derive(Serialize)]
struct ListBody {
    breakers: Vec<BreakerBody>,
}

#[derive(Serialize)]
struct BreakerBody {
    name: String,
    state: String,
    mode: String,
    /// Whether it rejects calls: what state and mode come to.
    rejects: bool,
    epoch: u32,
    counts: CountsBody,
    consecutive_failures: u32,
    /// How long it will be open yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u64>,
}

#[derive(Serialize)]
struct CountsBody {
    calls: u32,
    failed: u32,
    slow: u32,
}

async fn list(State(breakers): Breakers) -> Json<ListBody> {
    Json(ListBody { breakers: breakers.iter().map(shown).collect() })
}

async fn force(
    State(breakers): Breakers,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BreakerBody>, OrderError> {
    let name = name.map_or_else(|_| String::new(), |Path(name)| name);
    let found = breakers.iter().find(|breaker| breaker.name().as_str() == name);
    let breaker = found.ok_or_else(|| OrderError::no_breaker(&name))?;
    let mode = mode(&headers, &body.map_err(unread)?)?;
    tracing::warn!(breaker = %breaker.name(), %mode, "circuit breaker set by hand");
    breaker.set_mode(mode);
    Ok(Json(shown(breaker)))
}

fn mode(headers: &HeaderMap, body: &[u8]) -> Result<Mode, OrderError> {
    let mut wrong = Violations::default();
    let body = json::read(headers, body, &mut wrong)?;
    let force = Members::of(&body, String::new(), &["force"], &mut wrong)
        .and_then(|mut members| members.text("force"));
    let mode = force.and_then(|force| {
        let mode = parse(&force);
        if mode.is_none() {
            wrong.body("/force", FORCE);
        }
        mode
    });
    wrong.finish(mode)
}

fn parse(force: &str) -> Option<Mode> {
    match force {
        "open" => Some(Mode::ForcedOpen),
        "closed" => Some(Mode::ForcedClosed),
        "auto" => Some(Mode::Auto),
        _ => None,
    }
}

fn shown(breaker: &CircuitBreaker) -> BreakerBody {
    let Snapshot { status, counts, consecutive_failures, wait, .. } = breaker.snapshot();
    BreakerBody {
        name: breaker.name().to_string(),
        state: word(&status.state.to_string()),
        mode: word(&status.mode.to_string()),
        rejects: status.rejects(),
        epoch: status.epoch,
        counts: CountsBody { calls: counts.calls, failed: counts.failed, slow: counts.slow },
        consecutive_failures,
        wait_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
    }
}

/// One word, as programs like it: `half_open`, `forced_open`.
fn word(text: &str) -> String {
    text.replace([' ', '-'], "_")
}
