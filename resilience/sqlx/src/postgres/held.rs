//! What a holder does with its claim.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::Held;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};

use super::claim::advisory;
use super::{PgStore, sql};
use crate::found::{fence, get};
use crate::millis::millis;
use crate::tx::Settled;

/// In the transaction that has claimed. `false` if the claim is not there.
pub(super) async fn complete_in(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
    record: &[u8],
    keep: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(store, sql::COMPLETE_IN, held).bind(record).bind(millis(keep));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// By itself, or in a transaction that came later. `false` if the claim is not there.
pub(super) async fn complete(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
    record: &[u8],
    keep: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(store, sql::COMPLETE, held)
        .bind(record)
        .bind(millis(keep))
        .bind(store.patience.lock_timeout())
        .bind(advisory(&held.key));
    get::<i64, _>(&query.fetch_one(connection).await?, "completed").map(|rows| rows == 1)
}

/// The record under the key, and whether it is this holder's.
pub(super) async fn completed(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
) -> Result<Option<(Bytes, bool)>, sqlx::Error> {
    let row = of(store, sql::COMPLETED, held).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let record: Vec<u8> = get(&row, "record")?;
    Ok(Some((record.into(), get(&row, "ours")?)))
}

/// What there is under this claim.
pub(super) async fn settled(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
) -> Result<Settled, sqlx::Error> {
    let row = of(store, sql::SETTLED, held).fetch_optional(connection).await?;
    row.map_or(Ok(Settled::NotStored), |row| get(&row, "record").map(Settled::of))
}

pub(super) async fn release(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
) -> Result<(), sqlx::Error> {
    let query = of(store, sql::RELEASE, held).bind(store.patience.lock_timeout());
    query.execute(connection).await.map(drop)
}

/// `false` if the claim is not there.
pub(super) async fn renew(
    store: &PgStore,
    connection: &mut PgConnection,
    held: &Held,
    lease: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(store, sql::RENEW, held).bind(millis(lease));
    let query = query.bind(store.patience.lock_timeout());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// About this holder: key, nonce and fence.
fn of(store: &PgStore, sql: &'static str, held: &Held) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql)
        .persistent(!store.is_pooled)
        .bind(held.key.as_bytes().as_slice())
        .bind(held.nonce.as_bytes().as_slice())
        .bind(fence(held))
}
