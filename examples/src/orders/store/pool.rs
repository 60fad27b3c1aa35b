use mainstay_sqlx::{PgStore, SqliteStore};
use sqlx::{PgPool, SqlitePool};

/// Connections to whichever database it is.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// To a file.
    Sqlite(SqlitePool),
    /// To a server.
    Postgres(PgPool),
}

/// The claims of keys in whichever database it is, over the connections for writing.
#[derive(Clone, Debug)]
pub(super) enum Claims {
    /// In a file.
    Sqlite(SqliteStore),
    /// On a server.
    Postgres(PgStore),
}

/// Does the same with whichever pool it is: `with!(&self.read, pool => …)`.
///
/// The two have the same methods and no common type: a function over both would need a page of
/// bounds, and sqlx's own `Any` gives up the types of columns.
macro_rules! with {
    ($pool:expr, $name:ident => $body:expr) => {
        match $pool {
            $crate::orders::store::pool::Pool::Sqlite($name) => $body,
            $crate::orders::store::pool::Pool::Postgres($name) => $body,
        }
    };
}

/// Does the same with whichever claims it is, and with the statement that begins a transaction
/// which is to write.
macro_rules! with_claims {
    ($claims:expr, $name:ident, $begin:ident => $body:expr) => {
        match $claims {
            $crate::orders::store::pool::Claims::Sqlite($name) => {
                // One that read first could not write after another has.
                let $begin = "BEGIN IMMEDIATE";
                $body
            }
            $crate::orders::store::pool::Claims::Postgres($name) => {
                let $begin = "BEGIN";
                $body
            }
        }
    };
}

pub(super) use {with, with_claims};
