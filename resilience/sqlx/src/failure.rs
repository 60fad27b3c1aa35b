//! What a database's error means here.

use std::error::Error as StdError;
use std::fmt;

use mainstay_idempotency::{StoreError, StoreErrorKind};

/// What can be told from an error about what has become of the statement, or what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Two transactions were in each other's way, and this one was rolled back.
    Conflict,
    /// A lock was waited for until the limit.
    Locked,
    /// The disk is full.
    Full,
    /// What lies there is no database, is damaged, or is where this crate keeps what it writes and
    /// is something else.
    Unreadable,
    /// The database has refused the statement, or what it gave was not what was asked for.
    Refused,
    /// The database is away, or on its way out.
    Away,
}

impl Failure {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        use sqlx::Error::{
            Database, Decode, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed,
        };
        match error {
            Database(error) => error.code().map_or(Self::Away, |code| Self::of_code(&code)),
            Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => Self::Away,
            Decode(error) if error.is::<NotOurs>() => Self::Unreadable,
            // No such row, no such column, another type: of the effect's own statements.
            _ => Self::Refused,
        }
    }

    /// PostgreSQL's codes have five characters. `SQLite`'s are numbers of up to four digits.
    fn of_code(code: &str) -> Self {
        match code.len() {
            5 => Self::of_state(code),
            _ => code.parse().map_or(Self::Refused, Self::of_sqlite),
        }
    }

    fn of_state(state: &str) -> Self {
        match state {
            "40001" | "40P01" => Self::Conflict,
            // By `lock_timeout`; or the statement was broken off, by `statement_timeout` while it
            // waited for a lock.
            "55P03" | "57014" => Self::Locked,
            "53100" => Self::Full,
            // It takes no writes: a standby, or a primary that is being made one.
            "25006" => Self::Away,
            // Connection, resources, intervention, system, internal.
            _ if ["08", "53", "57", "58", "XX"].iter().any(|class| state.starts_with(class)) => {
                Self::Away
            }
            _ => Self::Refused,
        }
    }

    /// The lowest byte of a code says what it is, and the others in what circumstances.
    fn of_sqlite(code: u32) -> Self {
        // A transaction that began to read cannot write after another has written.
        const BUSY_SNAPSHOT: u32 = 517;
        match code & 0xff {
            _ if code == BUSY_SNAPSHOT => Self::Conflict,
            5 | 6 => Self::Locked,
            13 => Self::Full,
            11 | 26 => Self::Unreadable,
            // No memory, interrupted, reading or writing, opening.
            7 | 9 | 10 | 14 => Self::Away,
            _ => Self::Refused,
        }
    }
}

/// What a caller of the plain store is told.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let kind = match Failure::of(&error) {
        Failure::Full => StoreErrorKind::Full,
        Failure::Unreadable => StoreErrorKind::Unreadable,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::with_source(kind, error)
}

/// What was read under a key is not of this release.
pub(crate) fn unreadable(what: &'static str) -> sqlx::Error {
    not_ours(sqlx::Error::Decode(format!("unreadable {what}").into()))
}

/// What this crate has read for itself cannot be: told from what the effect reads, which is its
/// own affair.
pub(crate) fn not_ours(error: sqlx::Error) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(NotOurs(error)))
}

#[derive(Debug)]
struct NotOurs(sqlx::Error);

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tables of claims have what this release has not written")
    }
}

impl StdError for NotOurs {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Whether two transactions were in each other's way, and running the whole of this one again, from
/// its beginning, may go better: serialization failures and deadlocks of PostgreSQL (40001, 40P01),
/// and on `SQLite` a transaction that began to read and then could not write.
///
/// ```
/// assert!(!mainstay_sqlx::is_conflict(&sqlx::Error::PoolTimedOut));
/// ```
pub fn is_conflict(error: &sqlx::Error) -> bool {
    Failure::of(error) == Failure::Conflict
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::{TxError, TxErrorKind};

    #[test]
    fn codes_mean_what_they_mean() {
        for (failure, codes) in [
            (Failure::Conflict, &["40001", "40P01", "517"][..]),
            (Failure::Locked, &["55P03", "57014", "5", "261", "6"]),
            (Failure::Full, &["53100", "13"]),
            (Failure::Unreadable, &["11", "267", "26"]),
            (Failure::Away, &["08006", "25006", "57P01", "53300", "58030", "XX000", "10", "778"]),
            (Failure::Refused, &["23505", "40002", "42P01", "25P02", "19", "2067", "x"]),
        ] {
            for code in codes {
                assert_eq!(Failure::of_code(code), failure, "{code}");
            }
        }
    }

    /// Only who does not answer may answer yet. What the effect has read and not understood is no
    /// outage, and nothing that this crate has to be able to read.
    #[test]
    fn errors_of_the_effect_are_no_outage() {
        let wrong = || sqlx::Error::Decode("wrong".into());
        for (failure, errors) in [
            (Failure::Away, vec![sqlx::Error::PoolTimedOut, io::Error::other("reset").into()]),
            (Failure::Refused, vec![sqlx::Error::RowNotFound, wrong()]),
            (Failure::Refused, vec![sqlx::Error::Encode("wrong".into())]),
            (Failure::Refused, vec![sqlx::Error::ColumnNotFound("item".to_owned())]),
            (Failure::Unreadable, vec![unreadable("fence"), not_ours(wrong())]),
        ] {
            for error in errors {
                assert_eq!(Failure::of(&error), failure, "{error:?}");
            }
        }
        let error = TxError::from(sqlx::Error::RowNotFound);
        assert!(error.kind() == TxErrorKind::NotStored && !error.is_retryable());
    }
}
