//! The effects of transactions, in a table beside the claims.

use std::path::Path;

use mainstay_sqlx::{PgStore, SqliteStore};
use sqlx::{PgPool, Row};

use super::Failed;
use crate::history::Effect;

const TABLE: &str = "CREATE TABLE effects (key TEXT, fence BIGINT, nonce TEXT, record TEXT)";
const ALL: &str = "SELECT key, fence, nonce, record FROM effects ORDER BY key, fence";

/// Makes all tables of the round, where it has any.
pub(super) async fn prepare(url: &str) -> Result<(), Failed> {
    if let Some(path) = sqlite(url) {
        let store = SqliteStore::open(path).await?;
        sqlx::query(TABLE).execute(store.pool()).await?;
        store.pool().close().await;
    }
    if is_postgres(url) {
        let pool = PgPool::connect(url).await?;
        PgStore::migrate(&pool).await?;
        sqlx::query(TABLE).execute(&pool).await?;
        pool.close().await;
    }
    Ok(())
}

/// What has happened.
pub(super) async fn read(url: &str) -> Result<Vec<Effect>, Failed> {
    if let Some(path) = sqlite(url) {
        let store = SqliteStore::open(path).await?;
        return effects(&sqlx::query(ALL).fetch_all(store.pool()).await?);
    }
    if is_postgres(url) {
        let pool = PgPool::connect(url).await?;
        return effects(&sqlx::query(ALL).fetch_all(&pool).await?);
    }
    Ok(Vec::new())
}

fn sqlite(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite://").map(Path::new)
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://")
}

fn effects<R: Row>(rows: &[R]) -> Result<Vec<Effect>, Failed>
where
    &'static str: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let effect = |row: &R| {
        Ok(Effect {
            key: row.try_get("key")?,
            fence: u64::try_from(row.try_get::<i64, _>("fence")?)?,
            nonce: row.try_get("nonce")?,
            record: row.try_get("record")?,
        })
    };
    rows.iter().map(effect).collect()
}
