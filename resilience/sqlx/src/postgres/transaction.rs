use sqlx::pool::PoolConnection;
use sqlx::{Postgres, SqlSafeStr, Transaction};

use super::PgStore;
use crate::finish::to_the_end;

/// What a transaction can see of others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sight {
    /// What the database's default says: effects run in it.
    Default,
    /// Each statement sees what was committed before it. What looks for something after it has
    /// waited for a lock has to: at a higher level it sees what was there before it waited.
    Committed,
}

/// The only way in which the store begins transactions.
pub(super) async fn begin(
    store: &PgStore,
    sight: Sight,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_on(store.connection().await?, sight).await
}

/// The only way in which transactions are begun here.
///
/// A begin that is given up half-way would leave the connection in a transaction that nobody ends,
/// and the pool would give it to the next: it goes on to its end. Waiting for a connection can be
/// given up at any time, and no task is left that does.
pub(super) async fn begin_on(
    connection: PoolConnection<Postgres>,
    sight: Sight,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begin = match sight {
        Sight::Default => "BEGIN",
        Sight::Committed => "BEGIN ISOLATION LEVEL READ COMMITTED",
    };
    // What the pool's own `begin_with` does with the connection that it has acquired.
    to_the_end(Transaction::begin(connection, Some(begin.into_sql_str()))).await
}
