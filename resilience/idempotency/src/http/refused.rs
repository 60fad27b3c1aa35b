use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use mainstay_core::Code;

use crate::{StoreError, StoreErrorKind};

/// When a client may come back whose key is in use, or cannot be looked up.
const COME_BACK: Duration = Duration::from_secs(1);

/// Why a request was not answered by the service that it was for.
#[derive(Debug)]
pub struct Refused {
    kind: RefusedKind,
    retry_after: Option<Duration>,
    source: Option<StoreError>,
}

/// The reasons, each with its code, HTTP status and a name that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusedKind {
    /// The request has no key, and has to have one.
    KeyMissing,
    /// What the request has for a key is none.
    KeyInvalid,
    /// The request has no [scope](crate::Unscoped::scope), so that a key means nothing. It is answered
    /// 401 without a challenge: what authenticates requests goes outside of the layer.
    ScopeMissing,
    /// The key was used for another request.
    KeyReused,
    /// Another try with this key runs, and has not ended in time; or it has lost its claim to a
    /// try that runs now.
    InProgress,
    /// Another try with this key has died, and nobody knows whether it had its effect. Only
    /// [at most once](crate::AtMostOnce).
    OutcomeUnknown,
    /// Another try with this key has answered, and its answer was not one to be kept. A stream may
    /// still run.
    AnswerNotKept,
    /// Who asks may not have the answer that another try was given.
    ReplayForbidden,
    /// The request's body is larger than may be read.
    BodyTooLarge,
    /// The request's body has broken off.
    BodyUnreadable,
    /// The store does not answer, is full, or has what cannot be read.
    StoreUnavailable,
}

impl RefusedKind {
    /// All of them.
    pub const ALL: &'static [Self] = &Self::EACH;

    pub(crate) const EACH: [Self; 11] = [
        Self::KeyMissing,
        Self::KeyInvalid,
        Self::ScopeMissing,
        Self::KeyReused,
        Self::InProgress,
        Self::OutcomeUnknown,
        Self::AnswerNotKept,
        Self::ReplayForbidden,
        Self::BodyTooLarge,
        Self::BodyUnreadable,
        Self::StoreUnavailable,
    ];

    /// The canonical code.
    pub const fn code(self) -> Code {
        match self {
            Self::KeyMissing | Self::KeyInvalid | Self::KeyReused | Self::BodyUnreadable => {
                Code::InvalidArgument
            }
            Self::ScopeMissing => Code::Unauthenticated,
            Self::InProgress => Code::Aborted,
            Self::OutcomeUnknown | Self::AnswerNotKept => Code::FailedPrecondition,
            Self::ReplayForbidden => Code::PermissionDenied,
            Self::BodyTooLarge => Code::OutOfRange,
            Self::StoreUnavailable => Code::Unavailable,
        }
    }

    /// The HTTP status: 400, 401, 403, 409, 413, 422 or 503.
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OutcomeUnknown | Self::AnswerNotKept => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => self.code().http_status(),
        }
    }

    /// What clients branch on.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::KeyMissing => "IDEMPOTENCY_KEY_MISSING",
            Self::KeyInvalid => "IDEMPOTENCY_KEY_INVALID",
            Self::ScopeMissing => "IDEMPOTENCY_SCOPE_MISSING",
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::InProgress => "IDEMPOTENCY_IN_PROGRESS",
            Self::OutcomeUnknown => "IDEMPOTENCY_OUTCOME_UNKNOWN",
            Self::AnswerNotKept => "IDEMPOTENCY_ANSWER_NOT_KEPT",
            Self::ReplayForbidden => "IDEMPOTENCY_REPLAY_FORBIDDEN",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::BodyUnreadable => "BODY_UNREADABLE",
            Self::StoreUnavailable => "IDEMPOTENCY_STORE_UNAVAILABLE",
        }
    }

    /// What a client is told. It has neither `"` nor `\` in it, nor `%`.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::KeyMissing => "This request needs an Idempotency-Key.",
            Self::KeyInvalid => {
                "The Idempotency-Key is not one string of 1 to 255 visible characters."
            }
            Self::ScopeMissing => "It is not known whose Idempotency-Key this is.",
            Self::KeyReused => "The Idempotency-Key was used for another request.",
            Self::InProgress => "A request with this Idempotency-Key is still running.",
            Self::OutcomeUnknown => {
                "A request with this Idempotency-Key did not end. It may have had its effect."
            }
            Self::AnswerNotKept => {
                "A request with this Idempotency-Key was answered. The answer was not kept."
            }
            Self::ReplayForbidden => "The answer to this Idempotency-Key is not for this caller.",
            Self::BodyTooLarge => "The body is too large.",
            Self::BodyUnreadable => "The body could not be read to its end.",
            Self::StoreUnavailable => {
                "It cannot be told now whether this request was answered before."
            }
        }
    }
}

impl Refused {
    pub(crate) const fn new(kind: RefusedKind) -> Self {
        Self { kind, retry_after: None, source: None }
    }

    pub(crate) const fn in_progress() -> Self {
        Self { kind: RefusedKind::InProgress, retry_after: Some(COME_BACK), source: None }
    }

    /// One that does not answer may do so again soon. What else is the matter may last.
    pub(crate) fn store(source: StoreError) -> Self {
        let retry_after = (source.kind() == StoreErrorKind::Unavailable).then_some(COME_BACK);
        Self { kind: RefusedKind::StoreUnavailable, retry_after, source: Some(source) }
    }

    /// The reason.
    pub const fn kind(&self) -> RefusedKind {
        self.kind
    }

    /// How long to wait before trying again, if that is known.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// For the log.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RefusedKind::KeyMissing => "no idempotency key",
            RefusedKind::KeyInvalid => "invalid idempotency key",
            RefusedKind::ScopeMissing => "an idempotency key without a scope",
            RefusedKind::KeyReused => "idempotency key used for another request",
            RefusedKind::InProgress => "another request with this idempotency key runs",
            RefusedKind::OutcomeUnknown => "what became of the request with this key is unknown",
            RefusedKind::AnswerNotKept => "the answer to this idempotency key was not kept",
            RefusedKind::ReplayForbidden => "the answer may not be replayed to this caller",
            RefusedKind::BodyTooLarge => "the body of the request is too large",
            RefusedKind::BodyUnreadable => "the body of the request broke off",
            RefusedKind::StoreUnavailable => "the idempotency store cannot be used",
        })
    }
}

/// The store's error, if it is one.
impl StdError for Refused {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// What the layer fails with: a refusal of its own, or the error of the service inside, unchanged.
#[derive(Debug)]
pub enum IdempotencyError<E> {
    /// The layer's own.
    Refused(Refused),
    /// Of the service inside.
    Inner(E),
}

impl<E> IdempotencyError<E> {
    /// The refusal, if it is one.
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Inner(_) => None,
        }
    }

    /// The inner error, if it is one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Refused(_) => None,
            Self::Inner(error) => Some(error),
        }
    }
}

impl<E> From<Refused> for IdempotencyError<E> {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<E: fmt::Display> fmt::Display for IdempotencyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

/// Either is the source, so that a walk along the causes finds it by its type.
impl<E: StdError + 'static> StdError for IdempotencyError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Inner(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_unique_and_refusals_are_errors() {
        for (at, kind) in RefusedKind::EACH.into_iter().enumerate() {
            assert!(kind.http_status().is_client_error() || kind.http_status().as_u16() == 503);
            assert!(!kind.message().contains(['"', '\\', '%']), "{kind:?}");
            for other in &RefusedKind::EACH[at + 1..] {
                assert_ne!(kind.reason(), other.reason());
            }
        }
    }
}
