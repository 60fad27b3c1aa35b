//! What a database's error means here.

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
    /// What lies there is no database, is damaged, or was not written by this crate.
    Unreadable,
    /// The database has refused the statement.
    Refused,
    /// The database is away, or on its way out.
    Away,
}

impl Failure {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        use sqlx::Error::{ColumnDecode, ColumnNotFound, Database, Decode};
        match error {
            Database(error) => error.code().map_or(Self::Away, |code| Self::of_code(&code)),
            Decode(_) | ColumnDecode { .. } | ColumnNotFound(_) => Self::Unreadable,
            _ => Self::Away,
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
            "55P03" => Self::Locked,
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
    match Failure::of(&error) {
        Failure::Full => StoreError::new(StoreErrorKind::Full),
        Failure::Unreadable => StoreError::new(StoreErrorKind::Unreadable),
        _ => StoreError::unavailable(error),
    }
}

/// What was read under a key is not of this release.
pub(crate) fn unreadable(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unreadable {what}").into())
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
    use super::*;

    #[test]
    fn codes_mean_what_they_mean() {
        for (failure, codes) in [
            (Failure::Conflict, &["40001", "40P01", "517"][..]),
            (Failure::Locked, &["55P03", "5", "261", "6"]),
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
}
