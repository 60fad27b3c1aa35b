use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::rules::{self, Wrong};
use super::{Currency, OrderId, Status};

/// How many orders a page has unless told.
const USUAL_LIMIT: i64 = 20;

/// Which orders to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// Only of at least this total.
    pub min_total_cents: Option<i64>,
    /// At most so many.
    pub limit: i64,
    /// Only what follows.
    pub cursor: Option<Cursor>,
}

/// A list as it was asked for, before any rule.
#[derive(Clone, Debug, Default)]
pub struct ListDraft {
    /// Only of this status.
    pub status: Option<String>,
    /// Only in this currency.
    pub currency: Option<String>,
    /// Only of at least this total.
    pub min_total_cents: Option<i64>,
    /// At most so many.
    pub limit: Option<i64>,
    /// Only what follows.
    pub cursor: Option<String>,
}

/// The last order of a page. Opaque to clients: the id's bytes in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub OrderId);

impl ListDraft {
    /// Holds every parameter against its rule; `wrong` is told of each that breaks it.
    pub fn check(&self, mut wrong: impl FnMut(&'static str, Wrong)) -> ListQuery {
        let total = self.min_total_cents.map(rules::min_total_cents);
        ListQuery {
            status: kept("status", self.status.as_deref().map(rules::status), &mut wrong),
            currency: kept("currency", self.currency.as_deref().map(rules::currency), &mut wrong),
            min_total_cents: kept("min_total_cents", total, &mut wrong),
            limit: kept("limit", self.limit.map(rules::limit), &mut wrong).unwrap_or(USUAL_LIMIT),
            cursor: kept("cursor", self.cursor.as_deref().map(rules::cursor), &mut wrong),
        }
    }
}

impl Cursor {
    /// Takes a cursor from the wire.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        OrderId::from_bytes(bytes.try_into().ok()?).map(Self)
    }

    /// The cursor for the wire.
    pub fn encode(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }
}

fn kept<T>(
    name: &'static str,
    checked: Option<Result<T, Wrong>>,
    wrong: &mut impl FnMut(&'static str, Wrong),
) -> Option<T> {
    checked?.map_err(|how| wrong(name, how)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let cursor = Cursor(OrderId::new());
        assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
        for wrong in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "%%%"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_wrong_parameter_is_told() {
        let draft = ListDraft {
            status: Some("lost".to_owned()),
            currency: Some("CHF".to_owned()),
            min_total_cents: Some(-1),
            limit: Some(0),
            cursor: Some("x".to_owned()),
        };
        let mut names = Vec::new();
        draft.check(|name, _| names.push(name));
        assert_eq!(names, ["status", "currency", "min_total_cents", "limit", "cursor"]);
    }
}
