use std::sync::Arc;

use mainstay_sqlx::SqliteStore;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Row, SqlitePool};

use super::{folder, make_orders};
use crate::Operation;
use crate::idempotency::claims::{KEEP, ORDER, RECORD, claim};
use crate::idempotency::clients::{clients, runtime};

#[path = "../../../../resilience/sqlx/src/sqlite/sql.rs"]
#[allow(dead_code, reason = "this uses a part of it")]
mod sql;

pub(super) fn transactions(count: u64) -> Operation {
    let (folder, runtime) = (Arc::new(folder()), runtime());
    let path = folder.path().join("orders.db");
    let options = SqliteStore::connect_options(path).create_if_missing(true);
    let pool = runtime.block_on(async {
        let pool = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false);
        let pool = pool.connect_with(options).await.expect("a file");
        SqliteStore::migrate(&pool).await.expect("tables");
        make_orders(&pool).await;
        pool
    });
    clients(runtime, count, move || {
        let (pool, folder) = (pool.clone(), Arc::clone(&folder));
        async move {
            once(&pool).await.expect("a database");
            drop(folder);
        }
    })
}

async fn once(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let claim = claim();
    let (key, nonce) = (claim.key.as_bytes().to_vec(), claim.nonce.as_bytes().to_vec());
    let keep = i64::try_from(KEEP.as_millis()).unwrap_or(i64::MAX);
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let held = sqlx::query(sql::CLAIM)
        .bind(&key)
        .bind(&nonce)
        .bind(claim.fingerprint.to_bytes().to_vec())
        .bind(10_000)
        .bind(keep)
        .bind(true)
        .fetch_one(&mut *tx)
        .await?;
    let fence: i64 = held.try_get("fence")?;
    sqlx::query(ORDER).bind(claim.key.to_string()).execute(&mut *tx).await?;
    let completed = sqlx::query(sql::COMPLETE_IN)
        .bind(&key)
        .bind(&nonce)
        .bind(fence)
        .bind(RECORD.to_vec())
        .bind(keep)
        .execute(&mut *tx)
        .await?;
    assert_eq!(completed.rows_affected(), 1);
    tx.commit().await
}
