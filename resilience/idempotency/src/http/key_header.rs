//! The client's key, out of the headers of a request.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{InvalidKey, Key};

/// The header of the IETF draft, and the metadata of gRPC.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What it was called before there was a draft.
const X_IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");

/// The key that a request brings, if any: from `Idempotency-Key`, or `X-Idempotency-Key`.
///
/// The value is a string as structured fields have it (RFC 9651, `"abc"`), or the same without
/// quotes; both are the same key. Without quotes it is visible ASCII other than `"`, `,` and `;`,
/// as those make a list or parameters. Two values are no key, nor are two headers that disagree.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use mainstay_idempotency::key_of;
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(key_of(&headers)?, None);
/// headers.insert("idempotency-key", HeaderValue::from_static("\"c8f3\""));
/// assert_eq!(key_of(&headers)?.as_deref(), Some("c8f3"));
/// headers.insert("x-idempotency-key", HeaderValue::from_static("c8f3"));
/// assert_eq!(key_of(&headers)?.as_deref(), Some("c8f3"));
/// # Ok::<(), mainstay_idempotency::InvalidKey>(())
/// ```
///
/// # Errors
///
/// [`InvalidKey`] if there is something in one of the headers that is not one key.
pub fn key_of(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, InvalidKey> {
    let own = only(headers, &IDEMPOTENCY_KEY)?.map(parse).transpose()?;
    let alias = only(headers, &X_IDEMPOTENCY_KEY)?.map(parse).transpose()?;
    match (own, alias) {
        (Some(own), Some(alias)) if own != alias => Err(InvalidKey),
        (own, alias) => Ok(own.or(alias)),
    }
}

/// The header's value, which there may be but one of.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, InvalidKey> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(HeaderValue::as_bytes);
    if values.next().is_some() { Err(InvalidKey) } else { Ok(first) }
}

fn parse(value: &[u8]) -> Result<Cow<'_, str>, InvalidKey> {
    let value = std::str::from_utf8(value).map_err(|_| InvalidKey)?;
    let value = value.trim_matches([' ', '\t']);
    let key = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"').ok_or(InvalidKey)?)?,
        None => bare(value)?,
    };
    let is_valid = (1..=Key::MAX_LEN).contains(&key.len());
    if is_valid { Ok(key) } else { Err(InvalidKey) }
}

fn bare(value: &str) -> Result<Cow<'_, str>, InvalidKey> {
    let is_bare = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';');
    if value.bytes().all(is_bare) { Ok(Cow::Borrowed(value)) } else { Err(InvalidKey) }
}

/// What is between the quotes: printable ASCII, in which `\"` and `\\` are the only escapes
/// (RFC 9651, section 4.2.5).
fn unquoted(inner: &str) -> Result<Cow<'_, str>, InvalidKey> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if inner.bytes().all(is_plain) {
        return Ok(Cow::Borrowed(inner));
    }
    let mut key = String::with_capacity(inner.len());
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'\\' => bytes.next().filter(|it| matches!(it, b'"' | b'\\')).ok_or(InvalidKey)?,
            byte if is_plain(byte) => byte,
            _ => return Err(InvalidKey),
        };
        key.push(char::from(byte));
    }
    Ok(Cow::Owned(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn read(values: &[(&'static str, &[u8])]) -> Result<Option<String>, InvalidKey> {
        Ok(key_of(&headers(values))?.map(Cow::into_owned))
    }

    /// As RFC 9651 writes a string.
    fn quoted(key: &str) -> String {
        format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    }

    #[test]
    fn what_is_no_key() {
        let long = "k".repeat(256);
        let long_quoted = quoted(&long);
        let wrong: [&[u8]; 18] = [
            b"",
            b" ",
            b"\"\"",
            b"\"",
            b"\"a",
            b"a\"",
            b"a, b",
            b"\"a\", \"b\"",
            b"\"a\";p=1",
            b"a;p=1",
            b"a b",
            b"\"a\\b\"",
            b"\"a\\\"",
            b"\"a\"b\"",
            b"\"a\tb\"",
            "ключ".as_bytes(),
            long.as_bytes(),
            long_quoted.as_bytes(),
        ];
        for value in wrong {
            let got = read(&[("idempotency-key", value)]);
            assert_eq!(got, Err(InvalidKey), "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn one_key_in_one_or_both_headers() {
        let (own, alias) = ("idempotency-key", "x-idempotency-key");
        assert_eq!(read(&[]), Ok(None));
        for values in [
            &[(own, &b"a"[..])][..],
            &[(own, b"\"a\"")],
            &[(alias, b"a")],
            &[(alias, b" \"a\"\t")],
            &[(own, b"a"), (alias, b"\"a\"")],
        ] {
            assert_eq!(read(values), Ok(Some("a".into())), "{values:?}");
        }
        for values in [
            &[(own, &b"a"[..]), (own, b"a")][..],
            &[(alias, b"a"), (alias, b"b")],
            &[(own, b"a"), (alias, b"b")],
            &[(own, b"a"), (alias, b"")],
        ] {
            assert_eq!(read(values), Err(InvalidKey), "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn quoted_and_bare_are_the_same(key in "[!#-+\\--:<-~]{1,255}") {
            prop_assert_eq!(read(&[("idempotency-key", key.as_bytes())]), Ok(Some(key.clone())));
            let quoted = quoted(&key);
            prop_assert_eq!(read(&[("idempotency-key", quoted.as_bytes())]), Ok(Some(key)));
        }

        #[test]
        fn any_printable_text_can_be_quoted(key in "[ -~]{1,255}") {
            let quoted = quoted(&key);
            prop_assert_eq!(read(&[("idempotency-key", quoted.as_bytes())]), Ok(Some(key)));
        }

        #[test]
        fn a_key_that_is_read_is_one(value in "[\\PC\\t]{0,300}") {
            if let Ok(value) = HeaderValue::from_str(&value) {
                let key = read(&[("idempotency-key", value.as_bytes())]);
                if let Ok(Some(key)) = key {
                    prop_assert!(Key::new(&crate::Scope::everybody(), &key).is_ok());
                }
            }
        }
    }
}
