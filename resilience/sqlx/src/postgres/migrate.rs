use sqlx::{PgConnection, PgPool};

use super::sql;
use super::transaction::{Sight, begin_on};
use crate::migrate::{MigrateError, is_current};

/// The tables, as [`PgStore::migrate`](crate::PgStore::migrate) makes them.
pub const POSTGRES_SCHEMA: &str = include_str!("schema.sql");

/// Reads first: an account without the right to make tables can use those that are there. What
/// others have made meanwhile is seen once the lock is had. Nothing here is prepared, so it works
/// behind a pooler too.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    let mut tx = begin_on(pool.acquire().await?, Sight::Committed).await?;
    if is_current(version(&mut tx).await?)? {
        return Ok(());
    }
    sqlx::raw_sql(sql::MIGRATION_LOCK).execute(&mut *tx).await?;
    if !is_current(version(&mut tx).await?)? {
        sqlx::raw_sql(POSTGRES_SCHEMA).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

async fn version(connection: &mut PgConnection) -> Result<Option<i32>, sqlx::Error> {
    let exists = sqlx::query_scalar::<_, bool>(sql::VERSION_TABLE).persistent(false);
    if !exists.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    sqlx::query_scalar(sql::VERSION).persistent(false).fetch_one(connection).await
}
