use mainstay_errors::{Details, Fault, FieldViolation};

use super::LedgerError;

/// Who defines the reasons below.
pub(super) const DOMAIN: &str = "payments.example.com";

/// Why the gateway turns a request down of its own accord.
#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "payments.example.com")]
#[non_exhaustive]
pub enum PaymentsError {
    /// There is no `Idempotency-Key`, or none that can be one.
    #[error("no usable idempotency key")]
    #[fault(
        invalid_argument,
        reason = "IDEMPOTENCY_KEY_MISSING",
        message = "A charge needs the header Idempotency-Key, 1 to 255 visible ASCII characters."
    )]
    KeyMissing,

    /// The key was used for another charge.
    #[error("key used for another charge")]
    #[fault(
        invalid_argument,
        status = 422,
        reason = "IDEMPOTENCY_KEY_REUSED",
        message = "This Idempotency-Key was used for another charge."
    )]
    KeyReused,

    /// A member of the body is out of range.
    #[error("wrong body: {details:?}")]
    #[fault(
        invalid_argument,
        status = 422,
        reason = "VALIDATION_FAILED",
        message = "The body has a member that is out of range."
    )]
    WrongMember {
        /// Which one.
        #[fault(details)]
        details: Box<Details>,
    },

    /// There is no room for another charge.
    #[error("ledger full")]
    #[fault(
        resource_exhausted,
        status = 507,
        reason = "LEDGER_FULL",
        message = "The simulator holds as many charges as it can."
    )]
    LedgerFull,
}

impl PaymentsError {
    pub(super) fn wrong_member(member: &'static str, detail: &'static str) -> Self {
        let violation = FieldViolation::body(format!("/{member}"), "OUT_OF_RANGE", detail);
        Self::WrongMember { details: Details::bad_request([violation]).into() }
    }
}

impl From<LedgerError> for PaymentsError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::KeyReused => Self::KeyReused,
            LedgerError::Full => Self::LedgerFull,
        }
    }
}
