use std::collections::HashSet;

use serde::Serialize;

use super::rules::{self, Wrong};
use super::{Currency, Line, Violations};

/// An order that keeps every rule and is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    /// Who orders.
    pub customer_email: String,
    /// What it is to be paid in.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What the customer says besides.
    pub note: Option<String>,
}

/// An order as it was asked for, before any rule. What the wire's reader has already found
/// missing or of the wrong type is `None` and in the [`Violations`].
#[derive(Clone, Debug, Default)]
pub struct OrderDraft {
    /// Who orders.
    pub customer_email: Option<String>,
    /// What it is to be paid in.
    pub currency: Option<String>,
    /// What is ordered.
    pub lines: Option<Vec<LineDraft>>,
    /// What the customer says besides.
    pub note: Option<String>,
}

/// A line as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct LineDraft {
    /// The article.
    pub sku: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// What one of them costs.
    pub unit_price_cents: Option<i64>,
}

/// That a field is absent.
pub const REQUIRED: Wrong = Wrong { reason: "REQUIRED", detail: "must be there" };
const DUPLICATE: Wrong =
    Wrong { reason: "DUPLICATE", detail: "must not be the article of an earlier line" };

impl NewOrder {
    /// What it costs: the sum over the lines.
    pub fn total_cents(&self) -> i64 {
        self.lines.iter().map(Line::total_cents).fold(0, i64::saturating_add)
    }
}

impl OrderDraft {
    /// Holds every field against its rule.
    pub fn check(self, wrong: &mut Violations) -> Option<NewOrder> {
        let email = self.customer_email.as_deref().map(rules::customer_email);
        note(wrong, "/customer_email", email);
        let currency = note(wrong, "/currency", self.currency.as_deref().map(rules::currency));
        note(wrong, "/note", self.note.as_deref().map(rules::note));
        let lines = check_lines(self.lines?, wrong);
        Some(NewOrder {
            customer_email: self.customer_email?,
            currency: currency?,
            lines: lines?,
            note: self.note,
        })
    }
}

/// Lines past the limit are not looked at: that there are too many is said once.
fn check_lines(drafts: Vec<LineDraft>, wrong: &mut Violations) -> Option<Vec<Line>> {
    note(wrong, "/lines", Some(rules::line_count(drafts.len())));
    let mut skus = HashSet::new();
    let mut lines = Vec::new();
    for (at, draft) in drafts.into_iter().take(rules::MOST_LINES).enumerate() {
        if draft.sku.as_ref().is_some_and(|sku| !skus.insert(sku.clone())) {
            wrong.body(format!("/lines/{at}/sku"), DUPLICATE);
        }
        lines.push(draft.check(at, wrong));
    }
    lines.into_iter().collect()
}

impl LineDraft {
    fn check(self, at: usize, wrong: &mut Violations) -> Option<Line> {
        let pointer = |field: &str| format!("/lines/{at}/{field}");
        note(wrong, pointer("sku"), self.sku.as_deref().map(rules::sku));
        note(wrong, pointer("quantity"), self.quantity.map(rules::quantity));
        let price = self.unit_price_cents.map(rules::unit_price_cents);
        note(wrong, pointer("unit_price_cents"), price);
        Some(Line {
            sku: self.sku?,
            quantity: self.quantity?,
            unit_price_cents: self.unit_price_cents?,
        })
    }
}

/// The value that keeps its rule. One that does not is noted.
fn note<T>(
    wrong: &mut Violations,
    pointer: impl Into<String>,
    checked: Option<Result<T, Wrong>>,
) -> Option<T> {
    checked?.map_err(|how| wrong.body(pointer, how)).ok()
}
