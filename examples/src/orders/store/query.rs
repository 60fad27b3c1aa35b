use super::Store;
use super::pool::with;
use super::row::{Stored, columns};
use crate::orders::model::{Currency, ListQuery, Order, OrderId, Status};

const BY_ID: &str = concat!("SELECT ", columns!(), " FROM orders WHERE id = $1");

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders WHERE id < $1
        AND ($2 IS NULL OR status = $2)
        AND ($3 IS NULL OR currency = $3)
        AND ($4 IS NULL OR total_cents >= $4)
      ORDER BY id DESC LIMIT $5"
);

/// Sorts after every id, and so stands for the start of the list.
const AFTER_ALL_IDS: &str = "~";

impl Store {
    /// The order of this id.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>, sqlx::Error> {
        let id = id.to_string();
        let found: Option<Stored> = with!(
            &self.read,
            pool => sqlx::query_as(BY_ID).bind(id).fetch_optional(pool).await
        )?;
        Ok(found.map(|stored| stored.order))
    }

    /// A page of orders, newest first; one more than the limit when more follow.
    pub async fn orders(&self, query: &ListQuery) -> Result<Vec<Order>, sqlx::Error> {
        let before = query.cursor.map(|cursor| cursor.0.to_string());
        let found: Vec<Stored> = with!(
            &self.read,
            pool => sqlx::query_as(LIST)
                .bind(before.as_deref().unwrap_or(AFTER_ALL_IDS))
                .bind(query.status.map(Status::as_str))
                .bind(query.currency.map(Currency::as_str))
                .bind(query.min_total_cents)
                .bind(query.limit.saturating_add(1))
                .fetch_all(pool)
                .await
        )?;
        Ok(found.into_iter().map(|stored| stored.order).collect())
    }
}
