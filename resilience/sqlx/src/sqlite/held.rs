//! What a holder does with its claim.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::Held;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use super::sql;
use crate::found::{fence, get};
use crate::millis::millis;
use crate::tx::Settled;

/// In the transaction that has claimed. `false` if the claim is not there.
pub(super) async fn complete_in(
    connection: &mut SqliteConnection,
    held: &Held,
    record: &[u8],
    keep: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(sql::COMPLETE_IN, held).bind(record).bind(millis(keep));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// By itself, or in a transaction that came later. `false` if the claim is not there.
pub(super) async fn complete(
    connection: &mut SqliteConnection,
    held: &Held,
    record: &[u8],
    keep: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(sql::COMPLETE, held).bind(record).bind(millis(keep));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// The record under the key, and whether it is this holder's.
pub(super) async fn completed(
    connection: &mut SqliteConnection,
    held: &Held,
) -> Result<Option<(Bytes, bool)>, sqlx::Error> {
    let row = of(sql::COMPLETED, held).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let record: Vec<u8> = get(&row, "record")?;
    Ok(Some((record.into(), get(&row, "ours")?)))
}

/// What there is under this claim.
pub(super) async fn settled(
    connection: &mut SqliteConnection,
    held: &Held,
) -> Result<Settled, sqlx::Error> {
    let row = of(sql::SETTLED, held).fetch_optional(connection).await?;
    row.map_or(Ok(Settled::NotStored), |row| get(&row, "record").map(Settled::of))
}

pub(super) async fn release(
    connection: &mut SqliteConnection,
    held: &Held,
) -> Result<(), sqlx::Error> {
    of(sql::RELEASE, held).execute(connection).await.map(drop)
}

/// `false` if the claim is not there.
pub(super) async fn renew(
    connection: &mut SqliteConnection,
    held: &Held,
    lease: Duration,
) -> Result<bool, sqlx::Error> {
    let query = of(sql::RENEW, held).bind(millis(lease));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// About this holder: key, nonce and fence.
fn of(sql: &'static str, held: &Held) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(sql)
        .bind(held.key.as_bytes().as_slice())
        .bind(held.nonce.as_bytes().as_slice())
        .bind(fence(held))
}
