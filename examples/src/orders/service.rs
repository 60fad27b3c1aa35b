use mainstay_idempotency::{DynStore, Fence};

use super::OrderError;
use super::answer::{Answer, Outcome};
use super::gateway::Gateway;
use super::idempotency::ScopedKey;
use super::model::{Cursor, ListQuery, Order, OrderId};
use super::store::{Cancelled, Store};

/// What can be done with orders, whichever wire it is asked over.
#[derive(Clone, Debug)]
pub struct Orders {
    pub(super) store: Store,
    pub(super) gateway: Gateway,
    /// Where keys are claimed if not in the database, by layers around the routes.
    pub(super) keys: Option<DynStore>,
}

/// Some of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The orders, newest first.
    pub orders: Vec<Order>,
    /// Where the next page starts, if there is one.
    pub next_cursor: Option<Cursor>,
}

impl Orders {
    /// The service on this database and this gateway, with keys in this store or, without one, in
    /// the database.
    pub fn new(store: Store, gateway: Gateway, keys: Option<DynStore>) -> Self {
        Self { store, gateway, keys }
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The order of this id, which may be any text.
    pub async fn get(&self, id: &str) -> Result<Order, OrderError> {
        let known = OrderId::parse(id).ok_or_else(|| OrderError::not_found(id))?;
        self.store.order(known).await?.ok_or_else(|| OrderError::not_found(id))
    }

    /// A page of the orders that are asked for.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, OrderError> {
        let mut orders = self.store.orders(query).await?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more_follow = orders.len() > limit;
        orders.truncate(limit);
        let last = orders.last().map(|order| Cursor(order.id));
        Ok(Page { next_cursor: last.filter(|_| more_follow), orders })
    }

    /// Calls a paid order off. No money moves: refunds are the gateway's own affair. `fence` is that
    /// of the claim to the key, if somebody around this has made it.
    pub async fn cancel(
        &self,
        key: &ScopedKey,
        fence: Option<Fence>,
        id: &str,
    ) -> Result<Answer, OrderError> {
        let known = OrderId::parse(id).ok_or_else(|| OrderError::not_found(id))?;
        let cancelled = match fence {
            Some(_) => self.store.cancel_held(key, known).await?,
            None => self.store.cancel(key, known).await.map_err(OrderError::no_keys)?,
        };
        let answer = |body, replayed| Ok(Answer { outcome: Outcome::Cancelled, body, replayed });
        match cancelled {
            Cancelled::Now(body) => answer(body, false),
            Cancelled::Before(body) => answer(body, true),
            Cancelled::Not(status) => {
                Err(OrderError::NotCancellable { id: id.to_owned(), status: status.as_str() })
            }
            Cancelled::Missing => Err(OrderError::not_found(id)),
            Cancelled::Busy => Err(OrderError::InProgress),
            Cancelled::Reused => Err(OrderError::KeyReused),
        }
    }
}
