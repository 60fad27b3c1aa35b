use std::convert::identity;

use sqlx::{PgPool, Row};

use super::server::by_eight;
use crate::Operation;
use crate::idempotency::claims::{KEEP, ORDER, RECORD, claim};

#[path = "../../../../resilience/sqlx/src/postgres/sql.rs"]
#[allow(dead_code, reason = "this uses a part of it")]
mod sql;

pub(super) fn transactions() -> Operation {
    by_eight(identity, once)
}

pub(super) fn effects() -> Operation {
    by_eight(identity, effect)
}

async fn once(pool: PgPool) -> Result<(), sqlx::Error> {
    let claim = claim();
    let (key, nonce) = (claim.key.as_bytes().to_vec(), claim.nonce.as_bytes().to_vec());
    let keep = i64::try_from(KEEP.as_millis()).unwrap_or(i64::MAX);
    let lock = key.first_chunk().copied().map(i64::from_be_bytes);
    let mut tx = pool.begin().await?;
    let held = sqlx::query(sql::CLAIM)
        .bind(&key)
        .bind(&nonce)
        .bind(claim.fingerprint.to_bytes().to_vec())
        .bind(10_000_i64)
        .bind(keep)
        .bind(true)
        .bind("3000ms")
        .bind(lock)
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

async fn effect(pool: PgPool) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query(ORDER).bind(claim().key.to_string()).execute(&mut *tx).await?;
    tx.commit().await
}
