use std::error::Error as StdError;
use std::fmt;

use mainstay_idempotency::{StoreError, StoreErrorKind};

use crate::failure::Failure;

/// A transaction with a claim could not be begun, or was not completed.
#[derive(Debug)]
pub struct TxError {
    kind: TxErrorKind,
    source: Option<sqlx::Error>,
}

/// Why, and what that says about the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TxErrorKind {
    /// The database is away, or too many wait for it. What was done in the transaction is rolled
    /// back, or will be when the database notices.
    Unavailable,
    /// Another transaction was in the way, and this one is rolled back: begin again, with the same
    /// claim.
    Conflict,
    /// The database has refused a statement or the commit, or what it gave was not what the effect
    /// has asked for (no such row, another type): everything is rolled back.
    NotStored,
    /// The connection was lost while the transaction was committed, and the database could not be
    /// asked since. Ask `settle`, or let the client try again: it is given the answer, or is the
    /// first. Do not run the effect again by any other way.
    Unknown,
    /// The transaction was dropped without being completed: everything is rolled back.
    NotCompleted,
    /// The claim is not there any more: it was completed before, or the effect has deleted it.
    /// Everything is rolled back, but on `SQLite` for this: where a statement has ended the whole
    /// transaction (`OR ROLLBACK`, a full disk, an I/O error) and the effect has ignored its error
    /// and gone on, what it did before is rolled back, and what it did afterwards is committed.
    Lost,
    /// The disk is full. Everything is rolled back.
    Full,
    /// What is under the key was not written by this release, or not by this crate; or the file is
    /// damaged.
    Unreadable,
}

impl TxError {
    pub(crate) fn new(kind: TxErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn with(kind: TxErrorKind, source: sqlx::Error) -> Self {
        Self { kind, source: Some(source) }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> TxErrorKind {
        self.kind
    }

    /// Whether the whole, from the beginning of the transaction, may be run again with the same
    /// claim and go better.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, TxErrorKind::Unavailable | TxErrorKind::Conflict)
    }
}

/// For `?` on statements of the effect: what the database has said, sorted.
impl From<sqlx::Error> for TxError {
    fn from(error: sqlx::Error) -> Self {
        let kind = match Failure::of(&error) {
            Failure::Conflict => TxErrorKind::Conflict,
            Failure::Locked | Failure::Away => TxErrorKind::Unavailable,
            Failure::Full => TxErrorKind::Full,
            Failure::Unreadable => TxErrorKind::Unreadable,
            Failure::Refused => TxErrorKind::NotStored,
        };
        Self::with(kind, error)
    }
}

/// For callers that treat it as they do the plain store's.
impl From<TxError> for StoreError {
    fn from(error: TxError) -> Self {
        let kind = match error.kind {
            TxErrorKind::Full => StoreErrorKind::Full,
            TxErrorKind::Unreadable => StoreErrorKind::Unreadable,
            _ => StoreErrorKind::Unavailable,
        };
        Self::with_source(kind, error)
    }
}

impl fmt::Display for TxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TxErrorKind::Unavailable => "the database is unavailable",
            TxErrorKind::Conflict => "another transaction was in the way, and this is rolled back",
            TxErrorKind::NotStored => "a statement has failed, and everything is rolled back",
            TxErrorKind::Unknown => "whether the transaction was committed is not known",
            TxErrorKind::NotCompleted => {
                "the transaction was dropped without being completed, and everything is rolled back"
            }
            TxErrorKind::Lost => "the claim was gone before the transaction was completed",
            TxErrorKind::Full => "the disk of the database is full",
            TxErrorKind::Unreadable => "the database has what cannot be read",
        })
    }
}

impl StdError for TxError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}
