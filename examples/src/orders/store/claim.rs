use std::time::Duration;

use mainstay_idempotency::{self as idempotency, Fingerprint, Held, Nonce};
use mainstay_sqlx::{Begun, TxError};

use super::finish::to_the_end;
use super::hold::{Claim, number};
use super::pool::{with, with_claims};
use super::row::{Stored, columns};
use super::{Hold, LEASE, Record, Store};
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{NewOrder, Order, OrderId};

/// How long completed claims are kept. Orders are known by their keys for ever, with their answers.
pub(super) const KEEP: Duration = Duration::from_hours(24);

pub(super) const INSERT: &str = "INSERT INTO orders
    (id, status, customer_email, currency, total_cents, lines, note, created_at,
     scope, key, fingerprint, fence)
    VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (scope, key) DO NOTHING";

/// The claim in the same transaction says that nobody else has the order.
const TAKE: &str = "UPDATE orders SET fence = $2 WHERE id = $1 AND status = 'pending'";

pub(super) const BY_KEY: &str =
    concat!("SELECT ", columns!(), " FROM orders WHERE scope = $1 AND key = $2");

const KNOWS: &str = "SELECT EXISTS (SELECT 1 FROM orders WHERE scope = $1 AND key = $2)";

/// What came of a claim to a key.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
#[derive(Debug)]
pub enum Claimed {
    /// The key is ours: the order is pending, and to be charged.
    Ours(Order, Hold),
    /// The key has its answer.
    Answered(Record),
    /// Somebody else is at it.
    Busy,
    /// The key was used for another payload.
    Reused,
}

/// Binds what an order is inserted with. It is a macro, as both databases' queries are of another
/// type.
macro_rules! insert {
    ($order:expr, $note:expr, $key:expr, $fingerprint:expr, $fence:expr) => {{
        let lines = serde_json::to_string(&$order.lines);
        let lines = lines.map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query($crate::orders::store::claim::INSERT)
            .bind($order.id.to_string())
            .bind($order.customer_email.clone())
            .bind($order.currency.as_str())
            .bind($order.total_cents)
            .bind(lines)
            .bind($note.clone())
            .bind($order.created_at.as_millisecond())
            .bind($key.scope.clone())
            .bind($key.key.clone())
            .bind($fingerprint.to_bytes().to_vec())
            .bind($fence)
    }};
}

pub(super) use insert;

impl Store {
    /// The first transaction of an order: claims the key and writes the order as pending, or says
    /// what the key was claimed for before.
    pub async fn claim(
        &self,
        key: &ScopedKey,
        fingerprint: &Fingerprint,
        new: &NewOrder,
    ) -> Result<Claimed, TxError> {
        let (store, key, fingerprint) = (self.clone(), key.clone(), *fingerprint);
        let (order, note) = (Order::pending(OrderId::new(), new.clone()), new.note.clone());
        to_the_end(async move {
            let claim = claim_of(&key, fingerprint);
            with_claims!(&store.claims, claims, begin => {
                let mut tx = claims.pool().begin_with(begin).await?;
                let joined = match claims.join(&mut tx, &claim).await? {
                    Begun::First(joined) => joined,
                    Begun::Replay(_) => {
                        drop(tx);
                        let record = store.answered(&key).await?;
                        return Ok(record.map_or(Claimed::Busy, Claimed::Answered));
                    }
                    Begun::Reused => return Ok(Claimed::Reused),
                    Begun::Running { .. } | Begun::Abandoned => return Ok(Claimed::Busy),
                };
                let fence = number(joined.fence());
                let insert = insert!(order, note, key, fingerprint, fence).execute(&mut *tx);
                if insert.await?.rows_affected() == 1 {
                    let held = joined.keep();
                    tx.commit().await?;
                    let hold = store.hold(order.id, held, true);
                    return Ok(Claimed::Ours(order, hold));
                }
                let first: Stored = sqlx::query_as(BY_KEY)
                    .bind(&key.scope)
                    .bind(&key.key)
                    .fetch_one(&mut *tx)
                    .await?;
                if first.fingerprint.differs_from(&fingerprint) {
                    return Ok(Claimed::Reused);
                }
                let order = first.order.clone();
                if let Some(record) = first.record() {
                    return Ok(Claimed::Answered(record));
                }
                let take = sqlx::query(TAKE).bind(order.id.to_string()).bind(fence);
                take.execute(&mut *tx).await?;
                let held = joined.keep();
                tx.commit().await?;
                let hold = store.hold(order.id, held, false);
                Ok(Claimed::Ours(order, hold))
            })
        })
        .await
    }

    /// Takes a pending order over whose holder is gone.
    pub async fn take_over(&self, stored: &Stored) -> Result<Option<Hold>, TxError> {
        let (store, id) = (self.clone(), stored.order.id);
        let claim = claim_of(&stored.key, stored.fingerprint);
        to_the_end(async move {
            with_claims!(&store.claims, claims, begin => {
                let mut tx = claims.pool().begin_with(begin).await?;
                let Begun::First(joined) = claims.join(&mut tx, &claim).await? else {
                    return Ok(None);
                };
                let fence = number(joined.fence());
                let take = sqlx::query(TAKE).bind(id.to_string()).bind(fence).execute(&mut *tx);
                if take.await?.rows_affected() == 0 {
                    return Ok(None);
                }
                let held = joined.keep();
                tx.commit().await?;
                Ok(Some(store.hold(id, held, false)))
            })
        })
        .await
    }

    /// Whether a key was claimed.
    pub async fn knows(&self, key: &ScopedKey) -> Result<bool, sqlx::Error> {
        with!(
            &self.read,
            pool => sqlx::query_scalar(KNOWS)
                .bind(&key.scope)
                .bind(&key.key)
                .fetch_one(pool)
                .await
        )
    }

    fn hold(&self, order: OrderId, held: Held, is_first: bool) -> Hold {
        let (store, fence) = (self.clone(), number(held.fence));
        Hold { store, order, fence, is_first, claim: Claim::Database(held) }
    }
}

/// A claim to a key, of one try.
pub(in crate::orders) fn claim_of(key: &ScopedKey, fingerprint: Fingerprint) -> idempotency::Claim {
    let nonce = Nonce::unique();
    idempotency::Claim {
        key: key.id,
        fingerprint,
        nonce,
        lease: LEASE,
        keep: KEEP,
        takes_over: true,
    }
}
