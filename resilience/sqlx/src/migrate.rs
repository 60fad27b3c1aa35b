use std::error::Error as StdError;
use std::fmt;

use crate::failure::Failure;

/// The version of the tables that this release makes and uses.
pub(crate) const VERSION: i32 = 1;

/// The tables could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrateError {
    /// They were made by a newer release, and this one does not know them.
    Newer {
        /// The version that is there.
        found: i32,
        /// The newest that this release knows.
        known: i32,
    },
    /// The file is no database, or a damaged one.
    Foreign(sqlx::Error),
    /// The database would be in memory, another one for each connection: claims have to be in a
    /// file.
    InMemory,
    /// The database has refused, or is away.
    Database(sqlx::Error),
}

/// What is to be done about the version that is there.
pub(crate) fn is_current(found: Option<i32>) -> Result<bool, MigrateError> {
    match found {
        Some(found) if found > VERSION => Err(MigrateError::Newer { found, known: VERSION }),
        found => Ok(found == Some(VERSION)),
    }
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        match Failure::of(&error) {
            Failure::Unreadable => Self::Foreign(error),
            _ => Self::Database(error),
        }
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { found, known } => write!(
                f,
                "the idempotency tables have version {found}, and this release knows {known}"
            ),
            Self::InMemory => f.write_str("the claims have to be in a file, not in memory"),
            Self::Foreign(_) => f.write_str("the file is no database, or a damaged one"),
            Self::Database(_) => f.write_str("the idempotency tables could not be made"),
        }
    }
}

impl StdError for MigrateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Newer { .. } | Self::InMemory => None,
            Self::Foreign(error) | Self::Database(error) => Some(error),
        }
    }
}
