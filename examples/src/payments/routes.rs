use std::future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{OriginalUri, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::{HeaderMap, StatusCode, header};
use mainstay_errors::FaultLayer;
use mainstay_json::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{self, PaymentsError};
use super::{
    Answer, Booking, Charge, ChargeRequest, Dice, Fate, Faults, FaultsChange, Ledger, Seen,
};

/// The most bytes of an idempotency key.
const MOST_KEY: usize = 255;

/// The gateway with an empty ledger and no faults.
pub fn router() -> Router {
    let simulator = Arc::<Simulator>::default();
    Router::new()
        .route("/charges", post(charge).get(charges))
        .route("/faults", put(change_faults))
        .layer(middleware::from_fn_with_state(simulator.clone(), note))
        .route("/seen", get(seen))
        .with_state(simulator)
        .layer(FaultLayer::new().domain(error::DOMAIN))
}

/// All there is to know, each behind its own lock. None is held over an await.
#[derive(Debug, Default)]
struct Simulator {
    ledger: Mutex<Ledger>,
    dice: Mutex<Dice>,
    seen: Mutex<Seen>,
}

type Shared = State<Arc<Simulator>>;

async fn charge(
    State(simulator): Shared,
    headers: HeaderMap,
    Json(request): Json<ChargeRequest>,
) -> Result<Response, PaymentsError> {
    let key = idempotency_key(&headers)?;
    if let Some(member) = request.wrong_member() {
        return Err(PaymentsError::wrong_member(member, "is not allowed"));
    }
    let (fate, faults) = {
        let mut dice = lock(&simulator.dice);
        (dice.roll(), dice.faults().clone())
    };
    // Booked first and answered late: money that moves does not wait for who has given up.
    let answer = simulator.settle(fate, &faults, &key, &request)?;
    tokio::time::sleep(Duration::from_millis(faults.latency_ms)).await;
    match (fate, answer) {
        (Fate::Hangs(_), _) => future::pending().await,
        (Fate::Fails(_), None) => Ok(failure(&faults)),
        (Fate::Fails(_), Some(_)) if !faults.refuses() => Ok(failure(&faults)),
        (_, Some(Answer::Captured { id })) => Ok(captured(&id)),
        (_, Some(Answer::Declined) | None) => {
            Ok(failure(&Faults { status: StatusCode::PAYMENT_REQUIRED.as_u16(), ..faults }))
        }
    }
}

impl Simulator {
    /// Moves the money, or does not, as fate has it. A key that has an answer keeps it.
    fn settle(
        &self,
        fate: Fate,
        faults: &Faults,
        key: &str,
        request: &ChargeRequest,
    ) -> Result<Option<Answer>, PaymentsError> {
        let mut ledger = lock(&self.ledger);
        let answer = match fate {
            Fate::Served | Fate::Fails(Booking::After) | Fate::Hangs(Booking::After) => {
                Some(ledger.book(key, request)?)
            }
            Fate::Fails(Booking::Before) if faults.status == 402 => {
                Some(ledger.decline(key, request)?)
            }
            Fate::Fails(Booking::Before) | Fate::Hangs(Booking::Before) => {
                ledger.answered(key, request)?
            }
        };
        Ok(answer)
    }
}

#[derive(Deserialize)]
struct ByReference {
    reference: Option<String>,
}

#[derive(Serialize)]
struct Booked {
    total: usize,
    charges: Vec<Charge>,
}

async fn charges(State(simulator): Shared, Query(by): Query<ByReference>) -> Json<Booked> {
    let charges = lock(&simulator.ledger).charges(by.reference.as_deref());
    Json(Booked { total: charges.len(), charges })
}

async fn change_faults(
    State(simulator): Shared,
    Json(change): Json<FaultsChange>,
) -> Result<Json<Faults>, PaymentsError> {
    let mut dice = lock(&simulator.dice);
    dice.change(&change)
        .map_err(|wrong| PaymentsError::wrong_member(wrong.member, wrong.expected))?;
    Ok(Json(dice.faults().clone()))
}

async fn seen(State(simulator): Shared) -> Response {
    Json(lock(&simulator.seen).requests()).into_response()
}

async fn note(
    State(simulator): Shared,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let path = uri.path_and_query().map_or("", |it| it.as_str());
    lock(&simulator.seen).note(request.method(), path, request.headers());
    next.run(request).await
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, PaymentsError> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let key = key.filter(|key| (1..=MOST_KEY).contains(&key.len()));
    key.map(str::to_owned).ok_or(PaymentsError::KeyMissing)
}

fn captured(id: &str) -> Response {
    (StatusCode::CREATED, Json(json!({ "id": id, "status": "captured" }))).into_response()
}

/// A bare status: the fault layer gives it a body.
fn failure(faults: &Faults) -> Response {
    let status = StatusCode::from_u16(faults.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match faults.retry_after_s {
        Some(wait) => (status, [(header::RETRY_AFTER, wait.to_string())]).into_response(),
        None => status.into_response(),
    }
}

/// A panic while the lock was held left nothing half-done that matters to a simulator.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
