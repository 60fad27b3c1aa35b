use http::header::HeaderMap;
use serde_json::Value;

use super::json::{self, Members};
use crate::orders::OrderError;
use crate::orders::model::{LineDraft, NewOrder, OrderDraft, Violations};

/// Reads an order from a body.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<NewOrder, OrderError> {
    let mut wrong = Violations::default();
    let value = json::read(headers, body, &mut wrong)?;
    let order = draft(&value, &mut wrong).check(&mut wrong);
    wrong.finish(order)
}

fn draft(body: &Value, wrong: &mut Violations) -> OrderDraft {
    let known = ["customer_email", "currency", "lines", "note"];
    let Some(mut members) = Members::of(body, String::new(), &known, wrong) else {
        return OrderDraft::default();
    };
    let (customer_email, currency) = (members.text("customer_email"), members.text("currency"));
    let (lines, note) = (members.array("lines"), members.optional_text("note"));
    let lines = lines.map(|lines| {
        let lines = lines.iter().enumerate();
        lines.map(|(at, line)| line_draft(line, format!("/lines/{at}"), wrong)).collect()
    });
    OrderDraft { customer_email, currency, lines, note }
}

fn line_draft(line: &Value, pointer: String, wrong: &mut Violations) -> LineDraft {
    let known = ["sku", "quantity", "unit_price_cents"];
    let Some(mut members) = Members::of(line, pointer, &known, wrong) else {
        return LineDraft::default();
    };
    LineDraft {
        sku: members.text("sku"),
        quantity: members.integer("quantity"),
        unit_price_cents: members.integer("unit_price_cents"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use serde_json::json;

    fn read_json(body: &Value) -> Result<NewOrder, OrderError> {
        read_text(&body.to_string())
    }

    fn read_text(body: &str) -> Result<NewOrder, OrderError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("Application/JSON; charset=utf-8"));
        read(&headers, body.as_bytes())
    }

    /// What is wrong with a body, as pointer and reason, in order of pointers.
    fn wrongs(body: &Value) -> Vec<(String, String)> {
        wrongs_of_text(&body.to_string())
    }

    fn wrongs_of_text(body: &str) -> Vec<(String, String)> {
        let Err(OrderError::Invalid { details }) = read_text(body) else { panic!("{body}") };
        let mut wrongs: Vec<_> = details
            .field_violations
            .into_iter()
            .map(|it| (it.path.into_owned(), it.reason.into_owned()))
            .collect();
        wrongs.sort();
        wrongs
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(pointer, reason)| (pointer.to_owned(), reason.to_owned())).collect()
    }

    #[test]
    fn a_right_order_is_read() {
        let order = read_json(&json!({
            "customer_email": "ann@example.com",
            "currency": "EUR",
            "lines": [
                { "sku": "A-1", "quantity": 2, "unit_price_cents": 250 },
                { "sku": "B-2", "quantity": 1, "unit_price_cents": 1 },
            ],
            "note": null,
        }));
        let order = order.unwrap();
        assert_eq!((order.total_cents(), order.lines.len(), order.note), (501, 2, None));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let body = json!({
            "customer_email": "nobody",
            "lines": [
                { "sku": "A", "quantity": 0, "unit_price_cents": 1 },
                { "sku": "A", "quantity": "2", "unit_price_cents": 1.5, "a/b~c": 1 },
                7,
                { "sku": "a b", "unit_price_cents": u64::MAX },
            ],
            "note": ["x"],
            "colour": "red",
        });
        let expected = pairs(&[
            ("/colour", "UNKNOWN_FIELD"),
            ("/currency", "REQUIRED"),
            ("/customer_email", "PATTERN"),
            ("/lines/0/quantity", "OUT_OF_RANGE"),
            ("/lines/1/a~1b~0c", "UNKNOWN_FIELD"),
            ("/lines/1/quantity", "WRONG_TYPE"),
            ("/lines/1/sku", "DUPLICATE"),
            ("/lines/1/unit_price_cents", "WRONG_TYPE"),
            ("/lines/2", "WRONG_TYPE"),
            ("/lines/3/quantity", "REQUIRED"),
            ("/lines/3/sku", "PATTERN"),
            ("/lines/3/unit_price_cents", "OUT_OF_RANGE"),
            ("/note", "WRONG_TYPE"),
        ]);
        assert_eq!(wrongs(&body), expected);
    }

    #[test]
    fn no_member_is_there_twice() {
        let body = r#"{ "customer_email": "a@b", "currency": "EUR", "currency": "USD",
            "lines": [{ "sku": "A", "quantity": 1, "quantity": 1000, "unit_price_cents": 1 }],
            "a/b": [{ "x": { "y": 1, "y": 2 } }], "a/b": 1.5, "note": null }"#;
        let expected = pairs(&[
            ("/a~1b", "DUPLICATE"),
            ("/a~1b", "UNKNOWN_FIELD"),
            ("/currency", "DUPLICATE"),
            ("/lines/0/quantity", "DUPLICATE"),
        ]);
        assert_eq!(wrongs_of_text(body), expected);
    }

    #[test]
    fn numbers_beyond_every_range_are_numbers() {
        for (number, reason) in [
            ("99999999999999999999", "OUT_OF_RANGE"),
            ("-99999999999999999999", "OUT_OF_RANGE"),
            ("1e300", "OUT_OF_RANGE"),
            ("1.5", "WRONG_TYPE"),
            ("1.0", "WRONG_TYPE"),
        ] {
            let body = format!(
                r#"{{ "customer_email": "", "currency": "", "lines":
                   [{{ "sku": "", "quantity": {number}, "unit_price_cents": 1 }}] }}"#
            );
            let expected = pairs(&[
                ("/currency", "REQUIRED"),
                ("/customer_email", "REQUIRED"),
                ("/lines/0/quantity", reason),
                ("/lines/0/sku", "REQUIRED"),
            ]);
            assert_eq!(wrongs_of_text(&body), expected);
        }
    }

    #[test]
    fn what_is_no_object_is_wrong_as_a_whole() {
        for body in [json!(null), json!([]), json!("x"), json!(1)] {
            assert_eq!(wrongs(&body), pairs(&[("", "WRONG_TYPE")]));
        }
    }

    #[test]
    fn lines_past_the_limit_are_told_once() {
        let line = json!({ "sku": "a", "quantity": 0, "unit_price_cents": 0 });
        let body = json!({ "customer_email": "a@b", "currency": "EUR", "lines": vec![line; 300] });
        let wrongs = wrongs(&body);
        assert!(wrongs.contains(&("/lines".to_owned(), "TOO_LONG".to_owned())));
        assert!(!wrongs.iter().any(|(pointer, _)| pointer.starts_with("/lines/100/")));
    }

    #[test]
    fn a_body_of_another_type_or_none_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(matches!(read(&headers, b"{}"), Err(OrderError::UnsupportedMediaType)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/json"));
        assert!(matches!(read(&headers, b"{}"), Err(OrderError::UnsupportedMediaType)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for body in [b"".as_slice(), b"{", b"{}x", b"\xff"] {
            assert!(matches!(read(&headers, body), Err(OrderError::MalformedBody(_))));
        }
    }
}
