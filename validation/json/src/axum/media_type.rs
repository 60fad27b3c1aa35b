use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Whether the body says that it is plain JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    // Of two of them, somebody else may believe the other one.
    let one = types.next().filter(|_| types.next().is_none());
    one.is_some_and(is_json_type) && !is_encoded(headers)
}

pub(super) fn is_missing(headers: &HeaderMap) -> bool {
    !headers.contains_key(CONTENT_TYPE)
}

fn is_json_type(value: &HeaderValue) -> bool {
    let Ok(value) = value.to_str() else { return false };
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim_matches([' ', '\t']);
    let Some((kind, subtype)) = essence.split_once('/') else { return false };
    let suffix =
        subtype.rsplit_once('+').map(|(name, suffix)| (!name.is_empty()).then_some(suffix));
    let last = suffix.unwrap_or(Some(subtype));
    kind.eq_ignore_ascii_case("application")
        && last.is_some_and(|last| last.eq_ignore_ascii_case("json"))
        && subtype.bytes().all(is_token)
        && are_parameters(parameters)
}

/// Parameters, and no more than spaces where one is left out at the end (RFC 9110, section 5.6.6).
fn are_parameters(mut rest: &str) -> bool {
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return true;
        }
        let Some((name, value)) = rest.split_once('=') else { return false };
        if name.is_empty() || !name.bytes().all(is_token) {
            return false;
        }
        let Some(after) = after_value(value) else { return false };
        let after = after.trim_start_matches([' ', '\t']);
        match after.strip_prefix(';') {
            Some(more) => rest = more,
            None => return after.is_empty(),
        }
    }
}

/// What follows a token, or a string in quotes. At the end there may be nothing, as for axum.
fn after_value(value: &str) -> Option<&str> {
    let Some(mut quoted) = value.strip_prefix('"') else {
        let token = value.bytes().take_while(|byte| is_token(*byte)).count();
        return value.get(token..).filter(|_| token > 0 || value.is_empty());
    };
    loop {
        let end = quoted.find(['"', '\\'])?;
        if let Some(after) = quoted.get(end..)?.strip_prefix('"') {
            return Some(after);
        }
        // A backslash, and what it stands before.
        quoted = quoted.get(end + 2..)?;
    }
}

/// A letter of a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    !headers.get_all(CONTENT_ENCODING).iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(types: &[&str]) -> bool {
        let fields = types.iter().map(|it| (CONTENT_TYPE, it.parse().unwrap()));
        is_json(&fields.collect())
    }

    #[test]
    fn json() {
        for one in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=utf-8",
            "application/json ;q=1",
            " application/json",
            "Application/JSON",
            "application/cloudevents+json",
            "application/vnd.orders+JSON; version=2",
            "application/a+b+json",
            "application/json;",
            "application/json; charset=",
            "application/json; ",
            r#"application/json; profile="a;b\"c" ; v=1"#,
        ] {
            assert!(said(&[one]), "{one}");
        }
    }

    #[test]
    fn not_json() {
        for one in [
            "",
            "json",
            "/json",
            "application/",
            "application",
            "text/json",
            "text/plain",
            "application/jsonp",
            "application/json5",
            "application/+json",
            "application/json+xml",
            "application/js on",
            "application/json, text/plain",
            "application/x-www-form-urlencoded",
            "applications/json",
            "application/json; charset",
            "application/json;;",
            "application/json; =utf-8",
            "application/json; charset=; a=b",
            "application/json; a b=c",
            r#"application/json; a="b"#,
            r#"application/json; a="b\"#,
            r#"application/json; a="b"c"#,
            "application/json/json",
            "multipart/form-data; a=application/json",
        ] {
            assert!(!said(&[one]), "{one}");
        }
        assert!(!said(&[]));
        assert!(!said(&["application/json", "text/plain"]));
        assert!(!said(&["application/json", "application/json"]));
    }

    #[test]
    fn compressed() {
        for (encoding, accepted) in [("gzip", false), ("identity", true), ("br, identity", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            assert_eq!(is_json(&headers), accepted, "{encoding}");
        }
    }
}
