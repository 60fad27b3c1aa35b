use mainstay_idempotency::{DynStore, Fence, Fingerprint, Held};

use super::claim::{BY_KEY, insert};
use super::hold::{Claim, number};
use super::pool::with;
use super::{Claimed, Hold, Record, Store, Stored};
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{NewOrder, Order, OrderId};

/// Whoever has the key by now has a higher fence, and whoever had it before does not come back.
const ADOPT: &str =
    "UPDATE orders SET fence = $2 WHERE id = $1 AND status = 'pending' AND fence < $2";

impl Store {
    /// Writes an order as pending for somebody who has claimed its key elsewhere, under this fence;
    /// or says what the key was used for before, which a store that forgets does not know.
    pub async fn adopt(
        &self,
        key: &ScopedKey,
        fingerprint: &Fingerprint,
        new: &NewOrder,
        fence: Fence,
    ) -> Result<Claimed, sqlx::Error> {
        let order = Order::pending(OrderId::new(), new.clone());
        let fence = number(fence);
        let hold = |order, is_first| {
            let store = self.clone();
            Hold { store, order, fence, is_first, claim: Claim::Nobody }
        };
        let inserted = with!(
            &self.write,
            pool => insert!(order, new.note, key, fingerprint, fence)
                .execute(pool)
                .await?
                .rows_affected()
        );
        if inserted == 1 {
            let hold = hold(order.id, true);
            return Ok(Claimed::Ours(order, hold));
        }
        let Some(first) = self.by_key(key).await? else { return Ok(Claimed::Busy) };
        if first.fingerprint.differs_from(fingerprint) {
            return Ok(Claimed::Reused);
        }
        let order = first.order.clone();
        if let Some(record) = first.record() {
            return Ok(Claimed::Answered(record));
        }
        let adopted = self.adopt_order(order.id, fence).await?;
        let hold = hold(order.id, false);
        Ok(if adopted { Claimed::Ours(order, hold) } else { Claimed::Busy })
    }

    /// Takes a pending order over for who has claimed its key in this store.
    pub async fn adopt_held(
        &self,
        order: OrderId,
        keys: DynStore,
        held: Held,
    ) -> Result<Option<Hold>, sqlx::Error> {
        let fence = number(held.fence);
        // Made first, so that the claim is let go of whatever happens.
        let claim = Claim::Elsewhere(keys, held);
        let hold = Hold { store: self.clone(), order, fence, is_first: false, claim };
        Ok(self.adopt_order(order, fence).await?.then_some(hold))
    }

    async fn adopt_order(&self, id: OrderId, fence: i64) -> Result<bool, sqlx::Error> {
        let adopted = with!(
            &self.write,
            pool => sqlx::query(ADOPT)
                .bind(id.to_string())
                .bind(fence)
                .execute(pool)
                .await?
                .rows_affected()
        );
        Ok(adopted == 1)
    }

    /// What a key was answered with, once it is.
    pub async fn answered(&self, key: &ScopedKey) -> Result<Option<Record>, sqlx::Error> {
        Ok(self.by_key(key).await?.and_then(Stored::record))
    }

    async fn by_key(&self, key: &ScopedKey) -> Result<Option<Stored>, sqlx::Error> {
        with!(
            &self.read,
            pool => sqlx::query_as(BY_KEY)
                .bind(&key.scope)
                .bind(&key.key)
                .fetch_optional(pool)
                .await
        )
    }
}
