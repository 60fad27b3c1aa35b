//! What holds of every key that a client sends: the fuzz target looks for an input that breaks it,
//! and `tests/corpus.rs` tries those that are worth keeping.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue};
use mainstay_idempotency::{InvalidKey, Key, Scope, key_of};

const OWN: &str = "idempotency-key";
const ALIAS: &str = "x-idempotency-key";
const LONGEST: usize = 255;

/// Each line is the value of an `Idempotency-Key`, or of an `X-Idempotency-Key` if there is a `+`
/// before it. What cannot be the value of a header is no line. All of the input is then taken as
/// the key of a queue's message.
pub(crate) fn key(input: &[u8]) {
    let (mut own, mut alias) = (Vec::new(), Vec::new());
    for line in input.split(|byte| *byte == b'\n') {
        let (to, value) = match line.strip_prefix(b"+") {
            Some(value) => (&mut alias, value),
            None => (&mut own, line),
        };
        if HeaderValue::from_bytes(value).is_ok() {
            to.push(value);
        }
    }
    let headers = headers(&own, &alias);
    let read = key_of(&headers);
    assert_eq!(read, modelled(&own, &alias).map(|key| key.map(Cow::Owned)));
    if let Ok(Some(key)) = read {
        let value = own.iter().chain(&alias).next().expect("the key is of one");
        let has_escapes = value.contains(&b'\\') && value.trim_ascii().starts_with(b"\"");
        assert_eq!(matches!(key, Cow::Owned(_)), has_escapes, "only then it takes a copy");
        in_every_form(&key);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        is_taken(text);
    }
}

fn headers(own: &[&[u8]], alias: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in [(OWN, own), (ALIAS, alias)] {
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value).expect("it is one"));
        }
    }
    headers
}

/// Whatever was read as a key is one, and is read as the same in each form that it has.
fn in_every_form(key: &str) {
    is_taken(key);
    let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
    let spaced = format!(" \t{quoted}\t ");
    let mut forms = vec![quoted.as_bytes(), spaced.as_bytes()];
    if key.bytes().all(|byte| byte > b' ' && !b"\",;".contains(&byte)) {
        forms.push(key.as_bytes());
    }
    for &form in &forms {
        for (own, alias) in [(&[form][..], &[][..]), (&[], &[form])] {
            assert_eq!(key_of(&headers(own, alias)), Ok(Some(Cow::Borrowed(key))));
            let twice = headers(&own.repeat(2), &alias.repeat(2));
            assert_eq!(key_of(&twice), Err(InvalidKey), "two values, though the same");
        }
        for &other in &forms {
            assert_eq!(key_of(&headers(&[form], &[other])), Ok(Some(Cow::Borrowed(key))));
        }
        let another = format!("\"{}\"", if key == "a" { "b" } else { "a" });
        assert_eq!(key_of(&headers(&[form], &[another.as_bytes()])), Err(InvalidKey));
        // A list of one and a parameter are no key, nor is what has lost its end.
        for after in [&b",a"[..], b";a", b"\"", b"\x80"] {
            let more = [form, after].concat();
            assert_eq!(key_of(&headers(&[&more], &[])), Err(InvalidKey));
        }
    }
    assert_eq!(key_of(&headers(&[&quoted.as_bytes()[..quoted.len() - 1]], &[])), Err(InvalidKey));
}

/// As a key of `Key::new`, which takes what is no ASCII as well.
fn is_taken(text: &str) {
    let is_control = |it: char| matches!(u32::from(it), 0..=0x1f | 0x7f..=0x9f);
    let is_key = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(is_control);
    let key = Key::new(&Scope::everybody(), text);
    assert_eq!(key.is_ok(), is_key);
    if let Ok(key) = key {
        assert_eq!(Key::from_bytes(*key.as_bytes()), key);
        assert_ne!(Key::new(&Scope::of([""]), text), Ok(key), "of another scope");
        let hex = |half: &[u8]| u128::from_be_bytes(half.try_into().expect("sixteen bytes"));
        let (first, second) = key.as_bytes().split_at(16);
        assert_eq!(key.to_string(), format!("{:032x}{:032x}", hex(first), hex(second)));
    }
}

/// By the book: one value at most of each header, and both the same if there are both.
fn modelled(own: &[&[u8]], alias: &[&[u8]]) -> Result<Option<String>, InvalidKey> {
    let mut keys = Vec::new();
    for values in [own, alias] {
        match values {
            [] => {}
            [value] => keys.push(item(value)?),
            _ => return Err(InvalidKey),
        }
    }
    keys.dedup();
    if keys.len() > 1 { Err(InvalidKey) } else { Ok(keys.pop()) }
}

/// RFC 9651, section 4.2, for an item that is a string and has no parameters, byte after byte; and
/// what has no quotes.
fn item(value: &[u8]) -> Result<String, InvalidKey> {
    let mut rest = value.to_vec();
    for _ in 0..2 {
        while rest.last().is_some_and(|byte| b" \t".contains(byte)) {
            rest.pop();
        }
        rest.reverse();
    }
    let mut rest = rest.into_iter().peekable();
    let mut key = String::new();
    if rest.next_if_eq(&b'"').is_none() {
        for byte in rest {
            match byte {
                b'"' | b',' | b';' => return Err(InvalidKey),
                0x21..=0x7e => key.push(char::from(byte)),
                _ => return Err(InvalidKey),
            }
        }
        return within_limits(key);
    }
    loop {
        match rest.next() {
            Some(b'\\') => match rest.next() {
                Some(byte @ (b'"' | b'\\')) => key.push(char::from(byte)),
                _ => return Err(InvalidKey),
            },
            Some(b'"') if rest.next().is_none() => return within_limits(key),
            Some(byte @ 0x20..=0x7e) if byte != b'"' => key.push(char::from(byte)),
            _ => return Err(InvalidKey),
        }
    }
}

fn within_limits(key: String) -> Result<String, InvalidKey> {
    if key.is_empty() || key.len() > LONGEST { Err(InvalidKey) } else { Ok(key) }
}
