use std::error::Error;
use std::time::Duration;

use mainstay_errors::{Details, Fault};
use mainstay_sqlx::{TxError, TxErrorKind};

use super::gateway::GatewayError;
use super::store::is_passing;

/// Who defines the reasons below.
pub(super) const DOMAIN: &str = "orders.example.com";

/// Everything that goes wrong in the service, and how it is told.
///
/// The first text of each is for the log, the `message` for the client. What routing, body limits
/// and panics bring is not here: the fault layer gives those their shape.
#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = DOMAIN)]
#[non_exhaustive]
pub enum OrderError {
    /// There is no order of this id.
    #[error("order {id} not found")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
    NotFound {
        /// What was asked for.
        #[fault(public)]
        id: String,
    },

    /// There is no circuit breaker of this name.
    #[error("circuit breaker {name} not found")]
    #[fault(
        not_found,
        reason = "BREAKER_NOT_FOUND",
        message = "There is no circuit breaker {name}."
    )]
    BreakerNotFound {
        /// What was asked for.
        #[fault(public)]
        name: String,
    },

    /// The order is not in a state that can be called off.
    #[error("order {id} is {status}")]
    #[fault(
        failed_precondition,
        status = 409,
        reason = "ORDER_NOT_CANCELLABLE",
        message = "The order {id} is {status} and cannot be cancelled."
    )]
    NotCancellable {
        /// Which order.
        #[fault(public)]
        id: String,
        /// Where it stands.
        #[fault(public)]
        status: &'static str,
    },

    /// A request that must not run twice has no idempotency key.
    #[error("no idempotency key")]
    #[fault(
        invalid_argument,
        reason = "IDEMPOTENCY_KEY_MISSING",
        message = "This request needs an Idempotency-Key."
    )]
    KeyMissing,

    /// The idempotency key cannot be one.
    #[error("invalid idempotency key")]
    #[fault(
        invalid_argument,
        reason = "IDEMPOTENCY_KEY_INVALID",
        message = "The Idempotency-Key must be one string of 1 to 255 visible characters."
    )]
    KeyInvalid,

    /// The idempotency key was used for something else.
    #[error("idempotency key used for another payload")]
    #[fault(
        invalid_argument,
        status = 422,
        reason = "IDEMPOTENCY_KEY_REUSED",
        message = "This Idempotency-Key was used for a request with another payload."
    )]
    KeyReused,

    /// The first request with this key has no outcome yet.
    #[error("idempotency key in progress")]
    #[fault(
        aborted,
        reason = "IDEMPOTENCY_IN_PROGRESS",
        message = "A request with this Idempotency-Key is still running.",
        retry_after = "1s"
    )]
    InProgress,

    /// Whether the key was used cannot be known.
    #[error("idempotency store")]
    #[fault(
        unavailable,
        reason = "IDEMPOTENCY_STORE_UNAVAILABLE",
        message = "It cannot be told whether this Idempotency-Key was used. Retry with the same.",
        retry_after = "1s"
    )]
    IdempotencyStore(#[source] Box<dyn Error + Send + Sync>),

    /// The body is not JSON, or the message not what its schema says.
    #[error("malformed body")]
    #[fault(invalid_argument, reason = "MALFORMED_BODY", message = "The body is malformed.")]
    MalformedBody(#[source] Box<dyn Error + Send + Sync>),

    /// The body or message is larger than what is accepted.
    #[error("message too large")]
    #[fault(
        out_of_range,
        status = 413,
        reason = "BODY_TOO_LARGE",
        message = "The body is larger than what is accepted."
    )]
    MessageTooLarge,

    /// The body says it is something else than plain JSON, or does not say.
    #[error("media type is not JSON")]
    #[fault(
        invalid_argument,
        status = 415,
        reason = "UNSUPPORTED_MEDIA_TYPE",
        message = "The body must be application/json, and not be compressed."
    )]
    UnsupportedMediaType,

    /// Fields, parameters or headers are wrong.
    #[error("{} things wrong with the request", details.field_violations.len())]
    #[fault(
        invalid_argument,
        status = 422,
        reason = "VALIDATION_FAILED",
        message = "The request has wrong or missing fields."
    )]
    Invalid {
        /// Which ones. In a box, as every result of the service has room for the largest fault.
        #[fault(details)]
        details: Box<Details>,
    },

    /// The gateway said no.
    #[error("payment declined")]
    #[fault(
        failed_precondition,
        status = 402,
        reason = "PAYMENT_DECLINED",
        message = "The payment was declined."
    )]
    Declined,

    /// The gateway did not say.
    #[error("payment gateway")]
    #[fault(
        unavailable,
        reason = "PAYMENTS_UNAVAILABLE",
        message = "Payments are unavailable. Retry with the same Idempotency-Key."
    )]
    Payments {
        /// What happened.
        #[source]
        source: GatewayError,
        /// When the gateway wants to be asked again, if it said so.
        #[fault(retry_after)]
        wait: Option<Duration>,
    },

    /// The answer came too late to be of use.
    #[error("deadline passed")]
    #[fault(
        deadline_exceeded,
        reason = "DEADLINE_EXCEEDED",
        message = "The request took longer than its deadline allowed."
    )]
    DeadlineExceeded,

    /// The database cannot be reached.
    #[error("database unreachable")]
    #[fault(
        unavailable,
        reason = "DATABASE_UNAVAILABLE",
        message = "The service cannot reach its database.",
        retry_after = "1s"
    )]
    DatabaseUnavailable(#[source] Box<dyn Error + Send + Sync>),

    /// A bug, or a database of another version.
    #[error("internal")]
    #[fault(internal, reason = "INTERNAL", message = "Something went wrong on our side.")]
    Internal(#[source] Box<dyn Error + Send + Sync>),

    /// The process is about to end.
    #[error("draining")]
    #[fault(
        unavailable,
        reason = "DRAINING",
        message = "The service is shutting down.",
        retry_after = "1s"
    )]
    Draining,
}

impl OrderError {
    /// There is no order of this id, which may be any text.
    pub fn not_found(id: &str) -> Self {
        Self::NotFound { id: shown(id) }
    }

    /// There is no circuit breaker of this name, which may be any text.
    pub fn no_breaker(name: &str) -> Self {
        Self::BreakerNotFound { name: shown(name) }
    }
}

/// Enough of a name to recognise what was asked for; an id has 36 characters. Control characters
/// are left out: it is shown on terminals.
fn shown(name: &str) -> String {
    const MOST_SHOWN: usize = 64;
    name.chars().filter(|it| !it.is_control()).take(MOST_SHOWN).collect()
}

impl OrderError {
    /// Whether the key was used cannot be known, for this reason.
    pub(super) fn no_keys(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::IdempotencyStore(why.into())
    }
}

impl From<sqlx::Error> for OrderError {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) {
            return Self::DatabaseUnavailable(error.into());
        }
        Self::Internal(error.into())
    }
}

impl From<TxError> for OrderError {
    fn from(error: TxError) -> Self {
        if error.is_retryable() || error.kind() == TxErrorKind::Unknown {
            return Self::DatabaseUnavailable(error.into());
        }
        Self::Internal(error.into())
    }
}
