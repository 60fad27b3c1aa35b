//! The place of an error, for each way in which a type can refuse.

#![cfg(test)]

use std::collections::{BTreeMap, HashMap};

use mainstay_json::ErrorKind::{self, *};
use mainstay_json::{DecodeError, Limits, from_slice};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;

fn error<T: DeserializeOwned>(input: &str) -> DecodeError {
    error_within::<T>(input, &Limits::new())
}

fn error_within<T: DeserializeOwned>(input: &str, limits: &Limits) -> DecodeError {
    from_slice::<T>(input.as_bytes(), limits).map(drop).expect_err(input)
}

fn check<T: DeserializeOwned>(input: &str, kind: ErrorKind, pointer: &str) {
    let error = error::<T>(input);
    assert_eq!((error.kind(), error.pointer()), (kind, pointer), "{input}: {error:?}");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Order {
    id: u32,
    even: Option<Even>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    rates: BTreeMap<String, Even>,
    #[serde(default)]
    ship: Option<Ship>,
    #[serde(default, rename = "a/b~c")]
    odd_name: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Line {
    sku: String,
    quantity: Even,
}

/// Refuses odd numbers after it has read them.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u32")]
struct Even(#[allow(dead_code)] u32);

impl TryFrom<u32> for Even {
    type Error = &'static str;

    fn try_from(value: u32) -> Result<Self, Self::Error> {
        if value.is_multiple_of(2) { Ok(Self(value)) } else { Err("odd") }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Ship {
    Pickup,
    Box(Even),
    Pair(Even, Even),
    Address { zip: u32 },
}

#[test]
fn types() {
    check::<Order>(r#"{"id":"x"}"#, Data, "/id");
    check::<Order>(r#"{"id": "x" , "lines":[]}"#, Data, "/id");
    check::<Order>(r#"{"id":[1]}"#, Data, "/id");
    check::<Order>(r#"{"id":{"a":1}}"#, Data, "/id");
    check::<Order>(r#"{"id":-1}"#, Data, "/id");
    check::<Order>(
        r#"{"id":1,"lines":[{"sku":"a","quantity":2},{"sku":7}]}"#,
        Data,
        "/lines/1/sku",
    );
    check::<Order>(r#"{"id":1,"lines":{}}"#, Data, "/lines");
    check::<Order>(r#"{"id":1,"lines":[[]]}"#, Data, "/lines/0");
    check::<Order>(r#"{"id":1,"a/b~c":300}"#, Data, "/a~1b~0c");
    check::<Order>(r#"{"id":1,"a\/b\u007ec":300}"#, Data, "/a~1b~0c");
    check::<Order>("[]", Data, "");
    check::<Order>("7", Data, "");
    check::<Vec<Vec<u8>>>("[[],[1,2,300]]", Data, "/1/2");
    check::<Vec<Vec<u8>>>("[[], [1, 2 , 300 , 4 ] ]", Data, "/1/2");
    check::<(u8, u8)>("[1]", Data, "");
    check::<(u8, u8)>("[1,2,3]", Data, "");
    check::<Vec<(u8, u8)>>("[[1,2],[1,2,3]]", Data, "/1");
    check::<Vec<Size>>(r#"[{"x":1,"y":2},[1,2,3]]"#, Data, "/1");
    check::<u128>("-1", Data, "");
    check::<Vec<i128>>("[1,1000000000000000000000000000000000000000000000000]", Data, "/1");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Size {
    x: u8,
    y: u8,
}

/// What is well formed is not malformed because something else is expected, and what is malformed
/// is so wherever reading stopped.
#[test]
fn well_formed_or_not() {
    check::<Vec<Ship>>("[5]", Data, "/0");
    check::<Vec<Ship>>("[5,tru]", Syntax, "/1");
    check::<Vec<Ship>>("[5,{\"a\":", UnexpectedEnd, "/1/a");
    check::<Vec<Ship>>(r#"[5,{"a":1,"a":2}]"#, DuplicateKey, "/1/a");
    check::<Vec<Ship>>(r#"["pickup",[1]]"#, Data, "/1");
    check::<Vec<Ship>>("[{}]", Data, "/0");
    check::<Ship>(r#"{"box":2,"pair":[2,2]}"#, Data, "");
    check::<Ship>(r#"{"box":2,"box":2}"#, DuplicateKey, "/box");
    check::<HashMap<u32, u8>>(r#"{"1":1,"abc":1}"#, Data, "/abc");
    check::<HashMap<u32, u8>>(r#"{"1x":1}"#, Data, "/1x");
    check::<HashMap<bool, u8>>(r#"{"tru":1}"#, Data, "/tru");
    let error = error_within::<Vec<Ship>>("[5,[[]]]", &Limits::new().depth(2));
    assert_eq!((error.kind(), error.pointer()), (TooDeep, "/1/0"));
}

#[test]
fn values_that_are_refused_after_they_were_read() {
    check::<Even>("1", Data, "");
    check::<Vec<Even>>("[1]", Data, "/0");
    check::<Vec<Even>>("[2,1,2]", Data, "/1");
    check::<Vec<Even>>("[2 , 1 , 2]", Data, "/1");
    check::<Order>(r#"{"even":1}"#, Data, "/even");
    check::<Order>(r#"{"even":1,"id":1}"#, Data, "/even");
    check::<Order>(r#"{"id":1, "lines":[{"quantity":1,"sku":""}]}"#, Data, "/lines/0/quantity");
    check::<Order>(
        r#"{"id":1, "lines":[{"sku":"", "quantity":1}, {}]}"#,
        Data,
        "/lines/0/quantity",
    );
    check::<Order>(r#"{"id":1, "rates":{"EUR":2,"US$":3}}"#, Data, "/rates/US$");
    check::<Order>(r#"{"id":1, "rates":{"EUR":2,"US$":3},"even":2}"#, Data, "/rates/US$");
    check::<(u8, Even)>("[1,1]", Data, "/1");
}

#[test]
fn fields() {
    check::<Order>("{}", MissingField, "");
    check::<Order>(r#"{"lines":[]}"#, MissingField, "");
    check::<Order>(
        r#"{"id":1,"lines":[{"sku":"a","quantity":2},{"sku":"b"}]}"#,
        MissingField,
        "/lines/1",
    );
    check::<Order>(r#"{"id":1,"lines":[{"sku":"a" } , {}]}"#, MissingField, "/lines/0");
    check::<Order>(r#"{"id":1,"lines":[{"sku":"a","bogus":2}]}"#, UnknownField, "/lines/0/bogus");
    check::<Order>(r#"{"id":1,"lines":[{"sku":"a" , "b\/s" : 2}]}"#, UnknownField, "/lines/0/b~1s");
    check::<Order>(r#"{"id":1,"id":2}"#, DuplicateKey, "/id");
    check::<Order>(
        r#"{"id":1,"lines":[{"sku":"a","\u0073ku" :"b"}]}"#,
        DuplicateKey,
        "/lines/0/sku",
    );
    check::<Order>(r#"{"id":1,"rates":{"a":2,"b":2,"\u0061":2}}"#, DuplicateKey, "/rates/a");
    check::<Order>(r#"{"id":1,"other":[1],"another":2,"other":3}"#, DuplicateKey, "/other");
    check::<Order>(r#"{"id":1,"other":[1],"\u006fther":{"a":1}, "a":2}"#, DuplicateKey, "/other");
    check::<Order>(r#"{"id":1,"other":[1,{"a":[{"b":1,"b":1}]}]}"#, DuplicateKey, "/other/1/a/0/b");
}

#[test]
fn enums() {
    check::<Order>(r#"{"id":1,"ship":"bogus"}"#, Data, "/ship");
    check::<Order>(r#"{"id":1,"ship":{"bogus":1}}"#, Data, "/ship/bogus");
    check::<Order>(r#"{"id":1,"ship":{"box":1}}"#, Data, "/ship/box");
    check::<Order>(r#"{"id":1,"ship":{"box":"x"},"lines":[]}"#, Data, "/ship/box");
    check::<Order>(r#"{"id":1,"ship":{"pair":[2,3]}}"#, Data, "/ship/pair/1");
    check::<Order>(r#"{"id":1,"ship":{"address":{"zip":"x"}}}"#, Data, "/ship/address/zip");
    check::<Order>(r#"{"id":1,"ship":{"address":{}}}"#, MissingField, "/ship/address");
    check::<Order>(r#"{"id":1,"ship":"box"}"#, Data, "/ship");
    check::<Order>(r#"{"id":1,"ship":{"pickup":null,"box":2}}"#, Data, "/ship");
    check::<Vec<Ship>>(r#"[{"box":2},{"box":1}]"#, Data, "/1/box");
    check::<Vec<Ship>>(r#"["pickup",{"pickup":5}]"#, Data, "/1/pickup");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Flat {
    name: String,
    nested: Option<Box<Flat>>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Rest {
    size: u8,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
#[allow(dead_code)]
enum Event {
    Paid { cents: u32 },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Either {
    Number(u32),
    Object { a: u32 },
}

/// Serde reads these from a copy that it made first. What it reads while it makes the copy has its
/// own place; what it finds wrong in the copy has the place of the whole.
#[test]
fn what_serde_keeps_first() {
    check::<Flat>(r#"{"size":"x","name":"n"}"#, Data, "");
    check::<Flat>(r#"{"size":1,"name":7}"#, Data, "/name");
    check::<Flat>(r#"{"size":1,"name":"","nested":{"name":""}}"#, MissingField, "/nested");
    check::<Flat>(r#"{"size":1,"name":"","nested":{"name":"","size":"x"},"a":1}"#, Data, "/nested");
    check::<Flat>(r#"{"size":1,"size":1,"name":"n"}"#, DuplicateKey, "/size");
    check::<Flat>(r#"{"name":"n","size":1,"name":"n"}"#, DuplicateKey, "/name");
    check::<Flat>(r#"{"name":"n","size":1,"rest":{"a":1,"a":1}}"#, DuplicateKey, "/rest/a");
    check::<Vec<Event>>(r#"[{"type":"Paid","cents":1},{"type":"Paid","cents":"x"}]"#, Data, "/1");
    check::<Vec<Event>>(r#"[{"type":"Paid","cents":"x"},{"type":"Paid","cents":1}]"#, Data, "/0");
    check::<Vec<Event>>(r#"[{"type":"Paid","cents":1,"cents":1}]"#, DuplicateKey, "/0/cents");
    check::<Vec<Event>>(
        r#"[{"type":"Paid","cents":1,"x":{"a":[],"a":{}}}]"#,
        DuplicateKey,
        "/0/x/a",
    );
    check::<Vec<Event>>(r#"[{"type":"Paid","cents":1,"x":1,"x":2}]"#, DuplicateKey, "/0/x");
    check::<Vec<Either>>(r#"[1,{"a":2},{"a":"x"}]"#, Data, "/2");
    check::<Vec<Either>>(r#"[1,{"a":2,"a":2}]"#, DuplicateKey, "/1/a");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Envelope<'a> {
    kind: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[test]
fn raw_values() {
    let limits = Limits::new().depth(4).string(8).array(2).members(3);
    let check = |input: &str, kind, pointer: &str| {
        let error = from_slice::<Envelope<'_>>(input.as_bytes(), &limits).expect_err(input);
        assert_eq!((error.kind(), error.pointer()), (kind, pointer), "{input}: {error:?}");
        let by_value = error_within::<Value>(input, &limits);
        assert_eq!((by_value.kind(), by_value.pointer()), (kind, pointer), "{input}");
        assert_eq!((by_value.line(), by_value.column()), (error.line(), error.column()), "{input}");
    };
    check(r#"{"kind":"", "data": {"a":[1,2,3]}}"#, ArrayTooLong, "/data/a");
    check(r#"{"kind":"", "data": [[[[]]]]}"#, TooDeep, "/data/0/0/0");
    check(r#"{"kind":"", "data": ["123456789"]}"#, StringTooLong, "/data/0");
    check(r#"{"kind":"", "data": {"a":1,"b":2,"c":3,"d":4}}"#, TooManyMembers, "/data");
    check(r#"{"kind":"", "data": [{"a":1,"\u0061":2}]}"#, DuplicateKey, "/data/0/a");
    check(r#"{"kind":"", "data": ["\ud800"]}"#, Syntax, "/data/0");
    check(r#"{"kind":"", "data": [1e400]}"#, Syntax, "/data/0");
    check(r#"{"kind":"", "data": [1,]}"#, Syntax, "/data");

    let input = br#"{"kind":"paid","data": {"a":[1, 2]} }"#;
    let envelope: Envelope<'_> = from_slice(input, &limits).unwrap();
    assert_eq!((envelope.kind, envelope.data.get()), ("paid", r#"{"a":[1, 2]}"#));
    let boxed: Box<RawValue> = from_slice(b" [1, 2] ", &limits).unwrap();
    assert_eq!(boxed.get(), "[1, 2]");
}

#[test]
fn limits() {
    fn check<T: DeserializeOwned>(input: &str, limits: Limits, kind: ErrorKind, pointer: &str) {
        let error = error_within::<T>(input, &limits);
        assert_eq!((error.kind(), error.pointer()), (kind, pointer), "{input}: {error:?}");
    }
    let no = Limits::new();
    check::<Value>("[[1]]", no.body(4), BodyTooLarge, "");
    check::<Value>("[[1]]", no.depth(1), TooDeep, "/0");
    check::<Value>("[]", no.depth(0), TooDeep, "");
    check::<IgnoredAny>(r#"[1,{"a":[]}]"#, no.depth(2), TooDeep, "/1/a");
    check::<Value>(r#"{"a":["long"]}"#, no.string(3), StringTooLong, "/a/0");
    check::<Value>(r#"{"a":{"long":1}}"#, no.string(3), StringTooLong, "/a/long");
    check::<Value>(r#"{"a":[[1],[1,2]]}"#, no.array(1), ArrayTooLong, "/a");
    check::<Value>("[[1 , 2, 3]]", no.array(2), ArrayTooLong, "/0");
    check::<Value>(r#"[{"a":1},{"a":1 , "b":2}]"#, no.array(9).members(1), TooManyMembers, "/1");
    check::<Vec<Line>>(r#"[{"sku":"a" , "quantity":2}]"#, no.members(1), TooManyMembers, "/0");
    check::<Vec<Ship>>(r#"[{"address":{"zip":1}}]"#, no.depth(2), TooDeep, "/0/address");
    check::<Vec<Ship>>(r#"[{"box":1}]"#, no.depth(1), TooDeep, "/0");
    check::<Vec<Ship>>(r#"["pickup",{"pickup":null}]"#, no.depth(1), TooDeep, "/1");
    check::<Vec<Ship>>(r#"["pickup",{"pickup":null}]"#, no.members(0), TooManyMembers, "/1");
    check::<Vec<Ship>>(r#"["pickup",{"box":2}]"#, no.members(0), TooManyMembers, "/1");
    check::<Ship>(r#"{"address":{"zip":1}}"#, no.members(0), TooManyMembers, "");
}

#[test]
fn syntax() {
    check::<Value>("", UnexpectedEnd, "");
    check::<Value>("[1,{\"a\":", UnexpectedEnd, "/1/a");
    check::<Value>("[1,2", UnexpectedEnd, "");
    let cut = from_slice::<Value>(b"[1,\"\xe2\x82", &Limits::new()).unwrap_err();
    assert_eq!((cut.kind(), cut.pointer()), (UnexpectedEnd, "/1"));
    check::<Value>("[1,,2]", Syntax, "/1");
    check::<Value>("[1,2,]", Syntax, "");
    check::<Value>("{\"a\":[1,tru]}", Syntax, "/a/1");
    check::<Value>("{\"a\" 1}", Syntax, "/a");
    check::<Value>("{\"a\":1 \"b\":2}", Syntax, "");
    check::<Value>("{\"a\":{\"b\":\"\\x\"}}", Syntax, "/a/b");
    check::<Value>("{\"a\":1}}", Syntax, "");
    let error = from_slice::<Value>(b"{\"a\":[0,\n\"\xff\"]}", &Limits::new()).unwrap_err();
    assert_eq!((error.kind(), error.pointer()), (Syntax, "/a/1"));
    assert_eq!((error.line(), error.column()), (2, 1));
}

#[test]
fn a_long_pointer_ends_early() {
    let name = "n".repeat(600);
    let error = error::<Value>(&format!("{{\"{name}\":{{\"{name}\":x}}}}"));
    assert_eq!(error.pointer(), format!("/{name}"));
}

/// A visitor that swallows errors may leave the parser anywhere, but not carry on over a limit.
#[derive(Debug)]
struct Swallows;

impl<'de> Deserialize<'de> for Swallows {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = u8::deserialize(deserializer);
        Ok(Self)
    }
}

#[derive(Debug)]
struct SwallowsText;

impl<'de> Deserialize<'de> for SwallowsText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = String::deserialize(deserializer);
        Ok(Self)
    }
}

#[test]
fn swallowed_errors() {
    assert!(from_slice::<Vec<Swallows>>(b"[300,1]", &Limits::new()).is_ok());
    assert!(from_slice::<SwallowsText>(b"\"long\"", &Limits::new()).is_ok());
    check::<(Swallows, Vec<Even>)>("[300,[2,1]]", Data, "/1/1");
    let error = error_within::<Vec<SwallowsText>>("[\"long\"]", &Limits::new().string(3));
    assert_eq!(error.kind(), StringTooLong);
}

#[test]
fn the_client_reads_nothing_of_the_input_or_of_the_program() {
    let secret = r#"{"id":1,"lines":[{"sku":"a","quantity":"hunter2"}]}"#;
    let error = error::<Order>(secret);
    assert!(!error.public().contains("hunter2") && !error.to_string().contains("hunter2"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("hunter2"), "for the log: {source}");
    assert_eq!(error.public(), "This value is not what is expected here.");
    assert_eq!(self::error::<Order>("{}").public(), "The field id is missing here.");
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Quoting;

impl TryFrom<String> for Quoting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("{text} is no colour"))
    }
}

#[test]
fn words_that_only_begin_like_serdes_are_not_taken_for_them() {
    for text in ["missing field `evil.example`", "duplicate field `a`", "unknown field `a`"] {
        let error = error::<Quoting>(&format!("\"{text}\""));
        assert_eq!(error.kind(), Data, "{text}");
        assert_eq!(error.public(), "This value is not what is expected here.");
    }
}

#[test]
fn a_log_keeps_its_lines() {
    let input = r#"{"a\n2026-11-21 ERROR \u001b[31m\u202e":"x"}"#;
    let error = error::<HashMap<String, u8>>(input);
    assert_eq!(error.pointer(), "/a\n2026-11-21 ERROR \u{1b}[31m\u{202e}");
    let shown = r"at /a\n2026-11-21 ERROR \u{1b}[31m\u{202e}, line 1 column";
    assert!(error.to_string().contains(shown), "{error}");
}

#[test]
fn of_a_long_error_little_is_kept() {
    let error = error::<u32>(&format!("\"{}\"", "\u{7f}".repeat(100_000)));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("invalid type: string \"") && source.len() < 1100);
    assert_eq!(error.kind(), Data);
    let name = "n".repeat(2000);
    let long = self::error::<Line>(&format!(r#"{{"{name}":1}}"#));
    assert_eq!((long.kind(), long.pointer()), (UnknownField, ""));
}
