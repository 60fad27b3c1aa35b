use mainstay_idempotency::Fingerprint;

use super::Store;
use super::lease::{self, Lease};
use super::pool::with;
use super::row::{Stored, columns};
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{NewOrder, Order, OrderId, Status};

const INSERT: &str = "INSERT INTO orders
    (id, status, customer_email, currency, total_cents, lines, note, created_at,
     scope, key, fingerprint, fence, leased_until)
    VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (scope, key) DO NOTHING";

const BY_KEY: &str = concat!("SELECT ", columns!(), " FROM orders WHERE scope = $1 AND key = $2");

const KNOWS: &str = "SELECT EXISTS (SELECT 1 FROM orders WHERE scope = $1 AND key = $2)";

/// What came of a claim to a key.
#[derive(Debug)]
pub enum Claimed {
    /// The key is ours: the order is pending, and to be charged.
    Ours(Order, Lease),
    /// The key has its outcome.
    Settled(Order),
    /// Somebody else is at it.
    Busy,
    /// The key was used for another payload.
    Reused,
}

impl Store {
    /// Claims the key and writes the order as pending, in one statement; or says what the key
    /// was claimed for before.
    pub async fn claim(
        &self,
        key: &ScopedKey,
        fingerprint: &Fingerprint,
        new: &NewOrder,
    ) -> Result<Claimed, sqlx::Error> {
        let id = OrderId::new();
        let order = Order::pending(id, new.clone());
        if self.insert(key, fingerprint, &order, new.note.as_deref()).await? {
            return Ok(Claimed::Ours(order, Lease::first(id)));
        }
        let Some(first) = self.by_key(key).await? else { return Ok(Claimed::Busy) };
        if first.fingerprint.differs_from(fingerprint) {
            return Ok(Claimed::Reused);
        }
        if first.order.status != Status::Pending {
            return Ok(Claimed::Settled(first.order));
        }
        let lease = self.take_over(first.order.id).await?;
        Ok(lease.map_or(Claimed::Busy, |lease| Claimed::Ours(first.order, lease)))
    }

    /// Whether a key was claimed.
    pub async fn knows(&self, key: &ScopedKey) -> Result<bool, sqlx::Error> {
        with!(
            &self.read,
            pool => sqlx::query_scalar(KNOWS)
                .bind(&key.scope)
                .bind(key.key.as_str())
                .fetch_one(pool)
                .await
        )
    }

    async fn insert(
        &self,
        key: &ScopedKey,
        fingerprint: &Fingerprint,
        order: &Order,
        note: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let lines = serde_json::to_string(&order.lines);
        let lines = lines.map_err(|error| sqlx::Error::Encode(error.into()))?;
        let inserted = with!(
            &self.write,
            pool => sqlx::query(INSERT)
                .bind(order.id.to_string())
                .bind(&order.customer_email)
                .bind(order.currency.as_str())
                .bind(order.total_cents)
                .bind(lines)
                .bind(note)
                .bind(order.created_at.as_millisecond())
                .bind(&key.scope)
                .bind(key.key.as_str())
                .bind(fingerprint.to_bytes().to_vec())
                .bind(lease::FIRST_FENCE)
                .bind(lease::end_from_now())
                .execute(pool)
                .await?
                .rows_affected()
        );
        Ok(inserted == 1)
    }

    async fn by_key(&self, key: &ScopedKey) -> Result<Option<Stored>, sqlx::Error> {
        with!(
            &self.read,
            pool => sqlx::query_as(BY_KEY)
                .bind(&key.scope)
                .bind(key.key.as_str())
                .fetch_optional(pool)
                .await
        )
    }
}
