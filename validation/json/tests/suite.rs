//! A suite after the manner of nst/JSONTestSuite: inputs that are accepted, inputs that are
//! rejected, and inputs that the standard leaves open, with what this crate says to them.

#![cfg(test)]

#[path = "suite/table.rs"]
mod table;

use mainstay_json::{ErrorKind, Limits, from_slice};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;
use table::{ACCEPTED, OPEN, REJECTED};

#[derive(Deserialize)]
struct Empty {}

fn reads<T: DeserializeOwned>(input: &[u8]) -> bool {
    from_slice::<T>(input, &Limits::new()).is_ok()
}

/// The one verdict of all ways to read.
fn verdict(input: &[u8]) -> bool {
    let shown = input.escape_ascii();
    let verdict = reads::<Value>(input);
    assert_eq!(reads::<IgnoredAny>(input), verdict, "ignored: {shown}");
    assert_eq!(reads::<Box<RawValue>>(input), verdict, "raw: {shown}");
    // What would end the object early is another text then.
    let member = [b"{\"unknown\":", input, b"}"].concat();
    let element = [b"[", input, b"]"].concat();
    if verdict {
        assert!(reads::<Empty>(&member), "unknown: {shown}");
        assert!(reads::<Vec<Box<RawValue>>>(&element), "element: {shown}");
    }
    assert_eq!(reads::<Empty>(&member), reads::<Value>(&member), "unknown: {shown}");
    assert_eq!(reads::<Vec<IgnoredAny>>(&element), reads::<Vec<Value>>(&element), "{shown}");
    verdict
}

#[test]
fn it_is_as_large_as_it_should_be() {
    let (yes, no, open) = (ACCEPTED.len(), REJECTED.len(), OPEN.len());
    assert!(yes > 150 && no > 200 && open > 50, "{yes}, {no}, {open}");
}

#[test]
fn accepted() {
    for input in ACCEPTED {
        let shown = input.escape_ascii();
        assert!(verdict(input), "{shown}");
        // And for what it is.
        let value: Value = from_slice(input, &Limits::new()).unwrap();
        assert_eq!(value, serde_json::from_slice::<Value>(input).unwrap(), "{shown}");
    }
}

#[test]
fn rejected() {
    for input in REJECTED {
        assert!(!verdict(input), "{}", input.escape_ascii());
        assert!(serde_json::from_slice::<Value>(input).is_err(), "{}", input.escape_ascii());
        let kind = from_slice::<Value>(input, &Limits::new()).unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::Syntax | ErrorKind::UnexpectedEnd), "{kind:?}");
    }
}

#[test]
fn left_open() {
    for (input, accepted, why) in OPEN {
        assert_eq!(verdict(input), *accepted, "{}: {why}", input.escape_ascii());
    }
}

/// Up to 127 levels are accepted, then none, however many there are and whether they end or not.
#[test]
fn depth() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}{}", open.repeat(depth), close.repeat(depth)).into_bytes()
    };
    assert!(verdict(&nested("[", "]", 126)) && reads::<Value>(&nested("[", "]", 127)));
    assert!(!verdict(&nested("[", "]", 128)));
    assert!(!verdict(&nested("[", "]", 500)));
    assert!(!verdict(&"[".repeat(100_000).into_bytes()));
    assert!(!verdict(&"[{\"\":".repeat(50_000).into_bytes()));
    assert!(!verdict(&"{\"a\":".repeat(100_000).into_bytes()));
}
