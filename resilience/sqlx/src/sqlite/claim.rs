use mainstay_idempotency::{Claim, Claimed};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::sql;
use crate::again::{TRIES, contended};
use crate::found::{Found, get, granted};
use crate::millis::millis;

/// What reading a key says to a claim.
#[derive(Debug)]
pub(super) enum Look {
    /// The answer.
    Answer(Claimed),
    /// It is held, by the one who claims.
    Ours,
    /// Nothing keeps from claiming it.
    Free,
}

/// Claims, each statement one atomic step: with the write lock, or without a transaction.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Claimed, sqlx::Error> {
    for _ in 0..TRIES {
        if let Some(claimed) = insert(connection, claim).await? {
            return Ok(claimed);
        }
        // What has kept from it may be gone by now.
        match look(connection, claim).await? {
            Look::Answer(claimed) => return Ok(claimed),
            Look::Free => {}
            Look::Ours => {
                if let Some(claimed) = update(connection, claim).await? {
                    return Ok(claimed);
                }
            }
        }
    }
    Err(contended())
}

/// Reads what there is.
pub(super) async fn look(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Look, sqlx::Error> {
    let row = sqlx::query(sql::FIND)
        .bind(claim.key.as_bytes().as_slice())
        .bind(claim.nonce.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(Look::Free) };
    let found = Found::of(&row)?;
    if get(&row, "ours")? && !found.fingerprint.differs_from(&claim.fingerprint) {
        return Ok(Look::Ours);
    }
    Ok(found.answer(claim).map_or(Look::Free, Look::Answer))
}

async fn insert(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Option<Claimed>, sqlx::Error> {
    let rows = sqlx::query(sql::CLAIM)
        .bind(claim.key.as_bytes().as_slice())
        .bind(claim.nonce.as_bytes().as_slice())
        .bind(claim.fingerprint.to_bytes().as_slice())
        .bind(millis(claim.lease))
        .bind(millis(claim.keep))
        .bind(claim.takes_over)
        .fetch_all(connection)
        .await?;
    first(&rows, claim)
}

async fn update(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Option<Claimed>, sqlx::Error> {
    let rows = sqlx::query(sql::RECLAIM)
        .bind(claim.key.as_bytes().as_slice())
        .bind(claim.nonce.as_bytes().as_slice())
        .bind(claim.fingerprint.to_bytes().as_slice())
        .bind(millis(claim.lease))
        .bind(millis(claim.keep))
        .fetch_all(connection)
        .await?;
    first(&rows, claim)
}

/// All rows were fetched, though there is one at most: without a transaction the statement commits
/// when it is stepped to its end, and only there says whether it could.
fn first(rows: &[SqliteRow], claim: &Claim) -> Result<Option<Claimed>, sqlx::Error> {
    let Some(row) = rows.first() else { return Ok(None) };
    granted(claim, get(row, "fence")?, get(row, "taken_over")?).map(Some)
}
