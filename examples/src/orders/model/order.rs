use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Currency, NewOrder, OrderId, Status};

/// An order as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Which one.
    pub id: OrderId,
    /// Where it stands.
    pub status: Status,
    /// Who ordered.
    pub customer_email: String,
    /// What it is paid in.
    pub currency: Currency,
    /// What it costs: the sum over the lines.
    pub total_cents: i64,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// The gateway's id of the charge, once there is one.
    pub payment_id: Option<String>,
    /// When it was ordered.
    pub created_at: Timestamp,
}

/// One article of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The article.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// What one of them costs.
    pub unit_price_cents: i64,
}

/// The part of an order that the payment decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// The gateway took the money, under this id.
    Captured(String),
    /// The gateway said no.
    Declined,
}

impl Order {
    /// The order that is about to be paid for.
    pub fn pending(id: OrderId, new: NewOrder) -> Self {
        Self {
            id,
            status: Status::Pending,
            total_cents: new.total_cents(),
            customer_email: new.customer_email,
            currency: new.currency,
            lines: new.lines,
            payment_id: None,
            created_at: id.created_at(),
        }
    }

    /// The same order with its payment settled.
    #[must_use]
    pub fn settled(self, payment: Payment) -> Self {
        let (status, payment_id) = match payment {
            Payment::Captured(id) => (Status::Paid, Some(id)),
            Payment::Declined => (Status::Declined, None),
        };
        Self { status, payment_id, ..self }
    }
}

impl Line {
    /// What the line costs. Rules bound both factors, so that it fits.
    pub fn total_cents(&self) -> i64 {
        self.quantity.saturating_mul(self.unit_price_cents)
    }
}
