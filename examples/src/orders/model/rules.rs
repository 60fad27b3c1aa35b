//! What a value has to be like. One value, one rule; where it came from is no concern here.

use super::{Currency, Status};
use crate::orders::model::Cursor;

/// How a value breaks its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// In a word, for programs.
    pub reason: &'static str,
    /// In a sentence, for people.
    pub detail: &'static str,
}

/// The most lines of an order.
pub const MOST_LINES: usize = 100;
/// The most bytes of an email address (RFC 5321 with its erratum 1690).
const MOST_EMAIL: usize = 254;
/// The most bytes of one label of a host name.
const MOST_LABEL: usize = 63;
/// The most characters of a note.
const MOST_NOTE: usize = 500;

/// An article.
pub fn sku(text: &str) -> Result<(), Wrong> {
    match text.len() {
        0 => return wrong("REQUIRED", "must not be empty"),
        65.. => return wrong("TOO_LONG", "must be at most 64 characters"),
        _ => {}
    }
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    holds(text.bytes().all(allowed), "PATTERN", "may only have the characters A-Z, 0-9 and -")
}

/// How many of an article.
pub fn quantity(number: i64) -> Result<(), Wrong> {
    holds((1..=1000).contains(&number), "OUT_OF_RANGE", "must be 1 to 1000")
}

/// What one of an article costs.
pub fn unit_price_cents(number: i64) -> Result<(), Wrong> {
    holds((1..=100_000_000).contains(&number), "OUT_OF_RANGE", "must be 1 to 100000000")
}

/// How many lines.
pub fn line_count(count: usize) -> Result<(), Wrong> {
    match count {
        0 => wrong("TOO_SHORT", "must have at least one line"),
        1..=MOST_LINES => Ok(()),
        _ => wrong("TOO_LONG", "must have at most 100 lines"),
    }
}

/// An address as HTML's `input type=email` accepts it, and no longer than can be delivered to.
pub fn customer_email(text: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return wrong("REQUIRED", "must not be empty");
    }
    if text.len() > MOST_EMAIL {
        return wrong("TOO_LONG", "must be at most 254 bytes");
    }
    let is_email = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && local.bytes().all(is_local) && host.split('.').all(is_label)
    });
    holds(is_email, "PATTERN", "must be an email address")
}

/// A currency's code.
pub fn currency(text: &str) -> Result<Currency, Wrong> {
    if text.is_empty() {
        return wrong("REQUIRED", "must not be empty");
    }
    Currency::parse(text)
        .ok_or(Wrong { reason: "NOT_ALLOWED", detail: "must be one of USD, EUR, GBP, JPY, CNY" })
}

/// What the customer says besides. U+0000 is refused, as PostgreSQL cannot store it.
pub fn note(text: &str) -> Result<(), Wrong> {
    if text.chars().count() > MOST_NOTE {
        return wrong("TOO_LONG", "must be at most 500 characters");
    }
    holds(!text.contains('\0'), "PATTERN", "must not have the character U+0000")
}

/// A status to filter by.
pub fn status(text: &str) -> Result<Status, Wrong> {
    let detail = "must be one of pending, paid, declined, cancelled";
    Status::parse(text).ok_or(Wrong { reason: "NOT_ALLOWED", detail })
}

/// The least total to filter by.
pub fn min_total_cents(number: i64) -> Result<i64, Wrong> {
    holds(number >= 0, "OUT_OF_RANGE", "must not be negative").map(|()| number)
}

/// How many orders a page has.
pub fn limit(number: i64) -> Result<i64, Wrong> {
    holds((1..=100).contains(&number), "OUT_OF_RANGE", "must be 1 to 100").map(|()| number)
}

/// Where a page starts.
pub fn cursor(text: &str) -> Result<Cursor, Wrong> {
    let detail = "must be a next_cursor that was answered before";
    Cursor::parse(text).ok_or(Wrong { reason: "PATTERN", detail })
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=MOST_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn holds(holds: bool, reason: &'static str, detail: &'static str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { wrong(reason, detail) }
}

fn wrong<T>(reason: &'static str, detail: &'static str) -> Result<T, Wrong> {
    Err(Wrong { reason, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        let longest = format!("{}@example.com", "a".repeat(MOST_EMAIL - 12));
        for right in
            ["a@b", "ann.o'neil+x@shop.example.com", "!#$%&'*+/=?^_`{|}~-@x1.y-z", &longest]
        {
            assert_eq!(customer_email(right), Ok(()), "{right}");
        }
        let too_long = format!("a{longest}");
        let label = format!("a@{}.com", "b".repeat(64));
        for wrong in [
            "", "@", "a@", "@b", "a@@b", "a b@c", "a@b..c", "a@-b", "a@b-", "a@b.", "a@b_c", "é@b",
            "a@é", "<a@b>", "a@b\n", &too_long, &label,
        ] {
            assert!(customer_email(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn articles() {
        assert_eq!(sku(&"A-9".repeat(21)), Ok(()));
        for wrong in ["", "a", "A B", "Ä", &"A".repeat(65)] {
            assert!(sku(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_note_counts_characters() {
        assert_eq!(note(&"é".repeat(500)), Ok(()));
        assert_eq!(note(&"e".repeat(501)).unwrap_err().reason, "TOO_LONG");
        assert_eq!(note("a\0b").unwrap_err().reason, "PATTERN");
    }

    #[test]
    fn edges_of_the_numbers() {
        for (edge, rule) in [(1000, quantity as fn(i64) -> _), (100_000_000, unit_price_cents)] {
            assert_eq!((rule(1), rule(edge)), (Ok(()), Ok(())));
            assert!(rule(0).is_err() && rule(edge + 1).is_err() && rule(i64::MIN).is_err());
        }
        assert!(limit(0).is_err() && limit(101).is_err() && limit(100).is_ok());
        assert!(min_total_cents(-1).is_err() && min_total_cents(0).is_ok());
        assert!(line_count(0).is_err() && line_count(100).is_ok() && line_count(101).is_err());
    }
}
