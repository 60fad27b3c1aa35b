use sqlx::{PgPool, SqlitePool};

/// Connections to whichever database it is.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// To a file.
    Sqlite(SqlitePool),
    /// To a server.
    Postgres(PgPool),
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

pub(super) use with;
