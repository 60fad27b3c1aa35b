//! Idempotency keys: how they are read, what they are unique within, and what they become.

use http::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::OrderError;

const HEADERS: [&str; 2] = ["idempotency-key", "x-idempotency-key"];
const X_API_KEY: &str = "x-api-key";
/// The most bytes of a key.
const MOST: usize = 255;

/// A client's name for one attempt to do one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A key and what it is unique within: the caller and the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedKey {
    /// The route and the caller. A caller's secret is in it as a digest only.
    pub scope: String,
    /// The key.
    pub key: IdempotencyKey,
}

impl IdempotencyKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_headers(headers: &HeaderMap) -> Result<Self, OrderError> {
        let mut keys = HEADERS.iter().filter_map(|name| {
            let mut values = headers.get_all(*name).iter();
            let first = values.next().map(parse);
            first.map(|key| if values.next().is_some() { Err("has two values") } else { key })
        });
        let Some(key) = keys.next() else { return Err(OrderError::KeyMissing) };
        let invalid = |why| OrderError::KeyInvalid { why };
        let key = key.map_err(invalid)?;
        match keys.next().transpose().map_err(invalid)? {
            Some(other) if other != key => Err(invalid("differs from X-Idempotency-Key")),
            _ => Ok(Self(key)),
        }
    }
}

impl ScopedKey {
    /// Reads the key of a request to this route.
    pub fn from_headers(route: &str, headers: &HeaderMap) -> Result<Self, OrderError> {
        let key = IdempotencyKey::from_headers(headers)?;
        let caller = headers.get(X_API_KEY).map(|secret| hex_digest(&[secret.as_bytes()]));
        let caller = caller.as_deref().unwrap_or("anonymous");
        Ok(Self { scope: format!("{route} {caller}"), key })
    }
}

/// The key under which the payment gateway is charged: the same for the same scope and key, whoever
/// asks, and so the same for a retry and for the reconciler.
///
/// It is another one in another database: the gateway remembers what a database that was thrown
/// away had asked for.
pub fn gateway_key(database: &str, scope: &str, key: &str) -> String {
    // None but the last has control characters, so that the parts cannot run into each other.
    hex_digest(&[database.as_bytes(), &[0], scope.as_bytes(), &[0], key.as_bytes()])
}

/// What tells one payload from another.
pub fn fingerprint(payload: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(hex_digest(&[&serde_json::to_vec(payload)?]))
}

/// Takes a key bare, or as a quoted string (RFC 9651, section 3.3.3).
fn parse(value: &HeaderValue) -> Result<String, &'static str> {
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| "is not UTF-8")?;
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        // What a proxy makes of two values; a key with a comma in it can be quoted.
        None if text.contains(',') => return Err("has two values"),
        None => text.to_owned(),
    };
    match key.len() {
        0 => Err("is empty"),
        1..=MOST if key.chars().any(char::is_control) => Err("has control characters"),
        1..=MOST => Ok(key),
        _ => Err("is longer than 255 bytes"),
    }
}

/// The rest of a quoted string, after the opening quote.
fn unquote(rest: &str) -> Result<String, &'static str> {
    let mut key = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' if chars.as_str().is_empty() => return Ok(key),
            '"' => return Err("goes on after its closing quote"),
            '\\' => match chars.next() {
                Some(escaped @ ('"' | '\\')) => key.push(escaped),
                _ => return Err("has an escape that is none"),
            },
            other => key.push(other),
        }
    }
    Err("lacks its closing quote")
}

fn hex_digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &[u8])]) -> Result<String, OrderError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        IdempotencyKey::from_headers(&headers).map(|key| key.0)
    }

    #[test]
    fn bare_and_quoted_are_the_same_key() {
        for value in [b"k-1".as_slice(), b"\"k-1\""] {
            assert_eq!(read(&[("idempotency-key", value)]).unwrap(), "k-1");
            assert_eq!(read(&[("x-idempotency-key", value)]).unwrap(), "k-1");
        }
        let both = [("idempotency-key", b"k".as_slice()), ("x-idempotency-key", b"\"k\"")];
        assert_eq!(read(&both).unwrap(), "k");
        assert_eq!(read(&[("idempotency-key", br#""a\"b\\c, d""#)]).unwrap(), r#"a"b\c, d"#);
    }

    #[test]
    fn no_key_is_missing_and_an_empty_one_is_invalid() {
        assert!(matches!(read(&[]), Err(OrderError::KeyMissing)));
        for value in [b"".as_slice(), b"\"\""] {
            let error = read(&[("idempotency-key", value)]);
            assert!(matches!(error, Err(OrderError::KeyInvalid { .. })));
        }
    }

    #[test]
    fn malformed_keys_are_refused() {
        let longest = [b'k'; MOST];
        assert!(read(&[("idempotency-key", &longest)]).is_ok());
        let too_long = [b'k'; MOST + 1];
        for value in [
            too_long.as_slice(),
            b"a\tb",
            b"\xff",
            b"a, b",
            b"\"a\", \"b\"",
            b"\"a",
            b"\"a\\",
            b"\"a\\n\"",
        ] {
            let error = read(&[("idempotency-key", value)]);
            assert!(matches!(error, Err(OrderError::KeyInvalid { .. })), "{value:?}");
        }
        let twice = [("idempotency-key", b"a".as_slice()), ("idempotency-key", b"a")];
        assert!(matches!(read(&twice), Err(OrderError::KeyInvalid { .. })));
        let differ = [("idempotency-key", b"a".as_slice()), ("x-idempotency-key", b"b")];
        assert!(matches!(read(&differ), Err(OrderError::KeyInvalid { .. })));
    }

    #[test]
    fn a_gateway_key_is_of_one_database_scope_and_key() {
        assert_eq!(gateway_key("d", "s", "k"), gateway_key("d", "s", "k"));
        for other in [("e", "s", "k"), ("d", "t", "k"), ("d", "s", "l"), ("ds", "", "k")] {
            assert_ne!(gateway_key(other.0, other.1, other.2), gateway_key("d", "s", "k"));
        }
    }

    #[test]
    fn the_scope_is_the_caller_and_the_route_and_tells_no_secret() {
        let scope = |api_key: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert("idempotency-key", HeaderValue::from_static("k"));
            headers.extend(api_key.map(|key| {
                (http::HeaderName::from_static(X_API_KEY), HeaderValue::from_static(key))
            }));
            ScopedKey::from_headers("POST /x", &headers).unwrap().scope
        };
        assert_eq!(scope(None), "POST /x anonymous");
        assert_ne!(scope(Some("secret")), scope(Some("other")));
        assert!(!scope(Some("secret")).contains("secret"));
    }
}
