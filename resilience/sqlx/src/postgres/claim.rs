use mainstay_idempotency::{Claim, Claimed, Key};
use sqlx::PgConnection;

use super::patience::Patience;
use super::{PgStore, sql};
use crate::again::{TRIES, contended};
use crate::found::{Found, get, granted};
use crate::millis::millis;

/// Claims, in a transaction or as one.
pub(super) async fn claim(
    store: &PgStore,
    connection: &mut PgConnection,
    claim: &Claim,
    patience: &Patience,
) -> Result<Claimed, sqlx::Error> {
    for _ in 0..TRIES {
        if let Some(claimed) = once(store, connection, claim, patience).await? {
            return Ok(claimed);
        }
    }
    Err(contended())
}

/// `None` if somebody came in between.
async fn once(
    store: &PgStore,
    connection: &mut PgConnection,
    claim: &Claim,
    patience: &Patience,
) -> Result<Option<Claimed>, sqlx::Error> {
    let row = sqlx::query(sql::CLAIM)
        .persistent(!store.is_pooled)
        .bind(claim.key.as_bytes().as_slice())
        .bind(claim.nonce.as_bytes().as_slice())
        .bind(claim.fingerprint.to_bytes().as_slice())
        .bind(millis(claim.lease))
        .bind(millis(claim.keep))
        .bind(claim.takes_over)
        .bind(patience.lock_timeout())
        .bind(advisory(&claim.key))
        .fetch_one(connection)
        .await?;
    if let Some(fence) = get(&row, "fence")? {
        return granted(claim, fence, get(&row, "taken_over")?).map(Some);
    }
    match get::<Option<Vec<u8>>, _>(&row, "fingerprint")? {
        Some(_) => Ok(Found::of(&row)?.answer(claim)),
        None => Ok(None),
    }
}

/// What keeps from claiming, if anything does. It waits for nobody, and claims nothing.
pub(super) async fn find(
    store: &PgStore,
    connection: &mut PgConnection,
    claim: &Claim,
) -> Result<Option<Claimed>, sqlx::Error> {
    let row = sqlx::query(sql::FIND)
        .persistent(!store.is_pooled)
        .bind(claim.key.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(None), |row| Ok(Found::of(&row)?.answer(claim)))
}

/// The advisory lock of a key. Other keys may have the same; they then wait for each other.
pub(super) fn advisory(key: &Key) -> i64 {
    i64::from_be_bytes(key.as_bytes().first_chunk().copied().unwrap_or_default())
}
