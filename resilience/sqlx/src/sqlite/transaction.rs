use std::time::Duration;

use sqlx::{Connection, SqlSafeStr, Sqlite, SqlitePool, Transaction};

use crate::again::within;

/// Begins a transaction that is to write, once there is a connection within this time.
///
/// `SQLite` ends a transaction by itself where the disk is full or cannot be written to, and at `OR
/// ROLLBACK`. sqlx's rollback then fails, and it counts that connection as in a transaction from
/// then on, in which none can be begun: such a one is closed.
pub(super) async fn begin(
    pool: &SqlitePool,
    wait: Duration,
) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    let mut connection = within(wait, pool.acquire()).await?;
    while connection.is_in_transaction() {
        connection.close().await?;
        connection = within(wait, pool.acquire()).await?;
    }
    // What the pool's own `begin_with` does with the connection that it has acquired.
    Transaction::begin(connection, Some("BEGIN IMMEDIATE".into_sql_str())).await
}
