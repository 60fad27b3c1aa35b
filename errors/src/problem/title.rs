use http::StatusCode;

use super::json::JsonString;
use crate::Kind;

/// A problem's title: the same for every occurrence of its type.
pub(super) enum Title<'a> {
    Given(&'a str),
    /// An `UPPER_SNAKE` reason, to be put in words.
    Reason(&'a str),
}

impl<'a> Title<'a> {
    pub(super) fn of_kind(kind: &Kind<'a>) -> Self {
        match (kind.title, kind.reason) {
            (Some(title), _) => Title::Given(title),
            (None, "") => Self::of_status(kind.http_status()),
            (None, reason) => Title::Reason(reason),
        }
    }

    /// The phrase for an `about:blank` problem. 499 has none in any RFC, hence a supplied one.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match (status.as_u16(), status.canonical_reason()) {
            (_, Some(phrase)) => Title::Given(phrase),
            (499, None) => Title::Given("Client Closed Request"),
            (500.., None) => Title::Given("Server Error"),
            (_, None) => Title::Given("Client Error"),
        }
    }

    /// `ORDER_NOT_FOUND` is written as "Order not found".
    pub(super) fn write_to(&self, out: &mut JsonString<'_>) {
        match self {
            Title::Given(title) => out.text(title),
            Title::Reason(reason) => {
                let start = out.0.len();
                out.text(reason);
                let words = out.0.get_mut(start..).unwrap_or_default();
                for byte in words.iter_mut().skip(1) {
                    *byte = if *byte == b'_' { b' ' } else { byte.to_ascii_lowercase() };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_in_words() {
        let mut out = Vec::new();
        Title::Reason("ORDER_NOT_FOUND").write_to(&mut JsonString(&mut out));
        assert_eq!(out, b"Order not found");
    }

    #[test]
    fn every_error_status_has_a_phrase() {
        for number in 400..600 {
            let title = Title::of_status(StatusCode::from_u16(number).unwrap());
            assert!(matches!(title, Title::Given(phrase) if !phrase.is_empty()), "{number}");
        }
    }
}
