use sqlx::{SqliteConnection, SqlitePool};

use super::sql;
use super::transaction::begin;
use crate::migrate::{MigrateError, is_current};

/// The tables, as [`SqliteStore::migrate`](crate::SqliteStore::migrate) makes them.
pub const SQLITE_SCHEMA: &str = include_str!("schema.sql");

/// Reads first, so that a file whose tables are there is not written to.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?;
    if is_current(version(&mut connection).await?)? {
        return Ok(());
    }
    drop(connection);
    let mut tx = begin(pool, pool.options().get_acquire_timeout()).await?;
    if !is_current(version(&mut tx).await?)? {
        sqlx::raw_sql(SQLITE_SCHEMA).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

async fn version(connection: &mut SqliteConnection) -> Result<Option<i32>, sqlx::Error> {
    if !sqlx::query_scalar::<_, bool>(sql::VERSION_TABLE).fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    sqlx::query_scalar(sql::VERSION).fetch_one(connection).await
}
