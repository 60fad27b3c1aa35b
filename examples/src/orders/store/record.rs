use bytes::Bytes;
use sqlx::Error;

use crate::orders::model::Order;

/// An order as it was answered, with the bytes of it: what a retry is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The order.
    pub order: Order,
    /// The same as JSON.
    pub json: Bytes,
}

impl Record {
    /// Writes an order down.
    pub fn of(order: Order) -> Result<Self, Error> {
        let json = mainstay_json::to_bytes(&order);
        Ok(Self { json: json.map_err(|error| Error::Encode(error.into()))?, order })
    }

    /// Reads what was written down.
    pub fn read(json: Bytes) -> Result<Self, Error> {
        let order = serde_json::from_slice(&json);
        Ok(Self { order: order.map_err(|error| Error::Decode(error.into()))?, json })
    }
}
