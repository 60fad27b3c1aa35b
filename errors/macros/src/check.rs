//! The forms that AIP-193 and the HTTP specifications give to the parts of a fault.

use std::time::Duration;

use syn::{Error, LitInt, LitStr, Result};

use crate::attributes::Domain;

const LONGEST_REASON: usize = 63;
const LONGEST_KEY: usize = 64;

/// `[A-Z][A-Z0-9_]+[A-Z0-9]`, at most 63 characters.
pub(crate) fn reason(literal: &LitStr) -> Result<()> {
    let text = literal.value();
    let inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let well_formed = text.len() >= 3
        && text.bytes().all(inner)
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && !text.ends_with('_');
    if !well_formed {
        return Err(Error::new(
            literal.span(),
            "a reason is UPPER_SNAKE, as in ORDER_NOT_FOUND: [A-Z][A-Z0-9_]+[A-Z0-9]",
        ));
    }
    if text.len() > LONGEST_REASON {
        return Err(Error::new(literal.span(), "a reason has at most 63 characters"));
    }
    Ok(())
}

/// `[a-z][a-zA-Z0-9-_]*`, at most 64 characters, and none that the crate writes itself.
pub(crate) fn metadata_key(literal: &LitStr) -> Result<()> {
    let text = literal.value();
    let well_formed = text.len() <= LONGEST_KEY
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !well_formed {
        return Err(Error::new(
            literal.span(),
            "a metadata key is lowerCamel, as in orderId: [a-z][a-zA-Z0-9-_]*, at most 64 characters",
        ));
    }
    if matches!(text.as_str(), "httpStatus" | "droppedDetails") {
        return Err(Error::new(
            literal.span(),
            format!("the metadata key `{text}` is reserved; give another with `public = \"...\"`"),
        ));
    }
    Ok(())
}

/// `order_id` is `orderId` on the wire.
pub(crate) fn lower_camel(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut key = words.next().unwrap_or_default().to_ascii_lowercase();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        key.push_str(&first.to_ascii_uppercase());
        key.push_str(rest);
    }
    key
}

pub(crate) fn status(literal: &LitInt) -> Result<u16> {
    match literal.base10_parse() {
        Ok(status @ 400..=599) => Ok(status),
        _ => Err(Error::new(literal.span(), "the HTTP status of an error is 400 to 599")),
    }
}

/// Letters, digits and `-._:`: it goes into the problem types' URIs as it is.
pub(crate) fn domain(domain: &Domain) -> Result<()> {
    let Domain::Text(literal) = domain else {
        return Ok(());
    };
    let text = literal.value();
    if text.is_empty()
        || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
    {
        return Err(Error::new(literal.span(), "a domain is a name, as in orders.example.com"));
    }
    Ok(())
}

/// A scheme (RFC 3986, section 3.1) and what does not end a `Link` header's `<...>`.
pub(crate) fn uri(literal: &LitStr) -> Result<()> {
    let text = literal.value();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let well_formed = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\".contains(&byte));
    if !well_formed {
        return Err(Error::new(literal.span(), "expected an absolute URI"));
    }
    Ok(())
}

/// A number and one of `ms`, `s`, `m`, `h`.
pub(crate) fn duration(literal: &LitStr) -> Result<Duration> {
    let text = literal.value();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number: Option<u64> = number.parse().ok();
    number
        .zip(millis)
        .and_then(|(number, millis)| number.checked_mul(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| {
            Error::new(literal.span(), "a wait is a number and a unit, as in 500ms, 2s, 1m or 1h")
        })
}
