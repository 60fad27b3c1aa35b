use bytes::Bytes;
use jiff::Timestamp;
use mainstay_idempotency::Fingerprint;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::Record;
use crate::orders::idempotency::ScopedKey;
use crate::orders::model::{Currency, Order, OrderId, Status};

/// The columns that [`Stored`] is made of.
macro_rules! columns {
    () => {
        "id, status, customer_email, currency, total_cents, lines, payment_id, created_at, \
         scope, key, fingerprint, answer"
    };
}

pub(super) use columns;

/// An order as it lies in the database, with the key it was ordered under.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The order.
    pub order: Order,
    /// The key.
    pub key: ScopedKey,
    /// What tells its payload from others.
    pub fingerprint: Fingerprint,
    /// What was answered when it was settled.
    pub answer: Option<Bytes>,
}

impl Stored {
    /// The order with its answer, once it is settled.
    pub fn record(self) -> Option<Record> {
        let order = self.order;
        self.answer.map(|body| Record { order, body })
    }
}

impl<'r, R: Row> FromRow<'r, R> for Stored
where
    &'static str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let key = ScopedKey::new(row.try_get("scope")?, row.try_get("key")?);
        let fingerprint = Fingerprint::from_bytes(&row.try_get::<Vec<u8>, _>("fingerprint")?);
        let answer: Option<Vec<u8>> = row.try_get("answer")?;
        Ok(Self {
            order: order(row)?,
            key: key.map_err(|_| unreadable("key"))?,
            fingerprint: fingerprint.ok_or_else(|| unreadable("fingerprint"))?,
            answer: answer.map(Bytes::from),
        })
    }
}

/// A value that no release of this service writes is an error.
fn order<'r, R: Row>(row: &'r R) -> Result<Order, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let text = |column: &'static str| row.try_get::<String, _>(column);
    let lines = serde_json::from_str(&text("lines")?);
    let created_at = Timestamp::from_millisecond(row.try_get("created_at")?);
    Ok(Order {
        id: OrderId::parse(&text("id")?).ok_or_else(|| unreadable("id"))?,
        status: Status::parse(&text("status")?).ok_or_else(|| unreadable("status"))?,
        customer_email: text("customer_email")?,
        currency: Currency::parse(&text("currency")?).ok_or_else(|| unreadable("currency"))?,
        total_cents: row.try_get("total_cents")?,
        lines: lines.map_err(|error| sqlx::Error::Decode(error.into()))?,
        payment_id: row.try_get("payment_id")?,
        created_at: created_at.map_err(|error| sqlx::Error::Decode(error.into()))?,
    })
}

fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unreadable {column}").into())
}
