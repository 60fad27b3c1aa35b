//! Each limit against a slow model, for every way in which a type can read.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use mainstay_json::{ErrorKind, Limits, from_slice};
use proptest::prelude::*;
use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use support::{docs, styles, wanted};

/// A document as the one unknown member of a struct.
#[derive(Debug, Deserialize)]
struct Empty {}

/// A document as a member that serde keeps before it is read.
#[derive(Debug, Deserialize)]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Untagged {
    Never { never: u8, ever: u8 },
    Any(Value),
}

type RawMap = BTreeMap<String, Box<RawValue>>;

fn verdict<T: DeserializeOwned>(input: &str, limits: &Limits) -> Result<(), ErrorKind> {
    from_slice::<T>(input.as_bytes(), limits).map(drop).map_err(|error| error.kind())
}

proptest! {
    #[test]
    fn what_the_model_accepts_is_accepted(doc in docs(), style in styles(), wanted in wanted()) {
        let (input, limits) = (doc.written(&style), wanted.limits());
        let within = doc.is_within(&wanted);
        let read = from_slice::<Value>(input.as_bytes(), &limits);
        match read {
            Ok(value) => {
                prop_assert!(within, "{input}");
                prop_assert_eq!(value, serde_json::from_str::<Value>(&input).unwrap());
            }
            Err(error) => {
                prop_assert!(!within, "{input}: {error:?}");
                prop_assert!(doc.resolves(error.pointer()), "{input}: {error}");
                prop_assert!(error.kind().is_limit() || error.kind() == ErrorKind::DuplicateKey);
                let read = mainstay_read(&input, &error);
                prop_assert!(read.len() <= input.len());
            }
        }
    }

    #[test]
    fn all_ways_to_read_agree(doc in docs(), style in styles(), wanted in wanted()) {
        let (input, limits) = (doc.written(&style), wanted.limits());
        let expected = verdict::<Value>(&input, &limits);
        prop_assert_eq!(verdict::<IgnoredAny>(&input, &limits), expected, "ignored: {}", input);
        prop_assert_eq!(verdict::<Box<RawValue>>(&input, &limits), expected, "raw: {}", input);
        prop_assert_eq!(verdict::<Untagged>(&input, &limits), expected, "untagged: {}", input);
        prop_assert_eq!(verdict::<Option<Value>>(&input, &limits), expected, "option: {}", input);
        // One level more, with a name of one byte.
        let wanted = support::Wanted {
            depth: wanted.depth.saturating_add(1),
            string: wanted.string.max(1),
            members: wanted.members.max(1),
            ..wanted
        };
        let member = format!(r#"{{"x":{input}}}"#);
        let limits = wanted.limits();
        let expected = verdict::<Value>(&member, &limits);
        prop_assert_eq!(verdict::<Empty>(&member, &limits), expected, "unknown: {}", member);
        prop_assert_eq!(verdict::<Flat>(&member, &limits), expected, "flat: {}", member);
        prop_assert_eq!(verdict::<RawMap>(&member, &limits), expected, "map of raw: {}", member);
    }

    /// Of names that are the same somewhere, in maps small and large.
    #[test]
    fn duplicates(names in proptest::collection::vec(0_u16..200, 0..60), escaped in any::<u64>()) {
        let member = |(at, name): (usize, &u16)| {
            let first = if escaped >> (at % 64) & 1 == 1 { "\\u006e" } else { "n" };
            format!(r#""{first}{name}":{at}"#)
        };
        let members: Vec<_> = names.iter().enumerate().map(member).collect();
        let input = format!("{{{}}}", members.join(","));
        let first = (0..names.len()).find(|at| names[..*at].contains(&names[*at]));
        let numbers = input.replace("\\u006e", "").replace('n', "");
        let check = |input: &str, read: Result<usize, mainstay_json::DecodeError>, prefix: &str| {
            match (first, read) {
                (None, read) => assert_eq!(read.unwrap(), names.len()),
                (Some(at), read) => {
                    let error = read.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
                    assert_eq!(error.pointer(), format!("/{prefix}{}", names[at]), "{input}");
                }
            }
        };
        let limits = Limits::new();
        let map = from_slice::<BTreeMap<String, u8>>(input.as_bytes(), &limits);
        check(&input, map.map(|map| map.len()), "n");
        let flat = from_slice::<Flat>(input.as_bytes(), &limits);
        check(&input, flat.map(|flat| flat.rest.len()), "n");
        let unknown = from_slice::<Empty>(input.as_bytes(), &limits);
        check(&input, unknown.map(|_| names.len()), "n");
        let by_number = from_slice::<BTreeMap<u16, u8>>(numbers.as_bytes(), &limits);
        check(&numbers, by_number.map(|map| map.len()), "");
    }
}

/// The part of the input that was read when the error was found.
fn mainstay_read<'a>(input: &'a str, error: &mainstay_json::DecodeError) -> &'a [u8] {
    assert!(error.line() > 0);
    let before: usize = input.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
    &input.as_bytes()[..before + error.column()]
}

#[test]
fn keys_that_are_no_strings() {
    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Kilogram,
        Metre,
    }
    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Id(Option<i64>);

    fn check<K: DeserializeOwned + Ord>(good: &str, bad: &str) {
        let limits = Limits::new();
        from_slice::<BTreeMap<K, u8>>(good.as_bytes(), &limits).map(drop).expect(good);
        let error =
            from_slice::<BTreeMap<K, u8>>(bad.as_bytes(), &limits).map(drop).expect_err(bad);
        assert_eq!(error.kind(), ErrorKind::DuplicateKey, "{bad}");
    }
    check::<Unit>(r#"{"kilogram":1,"metre":2}"#, r#"{"metre":1,"\u006detre":2}"#);
    check::<Id>(r#"{"1":1,"-1":2}"#, r#"{"-1":1,"-1":2}"#);
    check::<bool>(r#"{"true":1,"false":2}"#, r#"{"true":1,"true":2}"#);
    check::<char>(r#"{"a":1,"b":2}"#, r#"{"a":1,"\u0061":2}"#);
    check::<i128>(r#"{"1":1,"2":2}"#, r#"{"1":1,"1":2}"#);
    check::<u128>(r#"{"1":1,"2":2}"#, r#"{"1":1,"1":2}"#);
}

/// The names of a map, as one way to read them takes them.
struct Names<K>(#[allow(dead_code)] Vec<K>);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Names<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<K>(PhantomData<K>);

        impl<'de, K: Deserialize<'de>> de::Visitor<'de> for Visitor<K> {
            type Value = Names<K>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names<K>, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_map(Visitor(PhantomData))
    }
}

/// Bytes of a string.
struct Bytes;

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, _: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes)
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}

#[test]
fn names_that_are_read_as_raw_values_bytes_and_numbers() {
    fn check<K: DeserializeOwned>(cases: &[(&str, Option<(ErrorKind, &str)>)]) {
        for (input, expected) in cases {
            let read = from_slice::<Names<K>>(input.as_bytes(), &Limits::new().string(6));
            let error = read.err();
            let got = error.as_ref().map(|error| (error.kind(), error.pointer()));
            assert_eq!(got, *expected, "{}: {input}", std::any::type_name::<K>());
        }
    }
    let long = (ErrorKind::StringTooLong, "/1234567");
    let texts = [
        (r#"{"a":1,"\u0062":2}"#, None),
        (r#"{"123456":1}"#, None),
        (r#"{"\u0061\u0062cdef":1}"#, None),
        (r#"{"1234567":1}"#, Some(long)),
        (r#"{"a":1,"\u0061":2}"#, Some((ErrorKind::DuplicateKey, "/a"))),
        (r#"{"a":1,"\ud800":2}"#, Some((ErrorKind::Syntax, ""))),
    ];
    check::<String>(&texts);
    check::<Box<RawValue>>(&texts);
    check::<Bytes>(&texts);

    let integers = [
        (r#"{"1":1,"-12345":2}"#, None),
        (r#"{"1234567":1}"#, Some(long)),
        (r#"{"-1":1,"-1":2}"#, Some((ErrorKind::DuplicateKey, "/-1"))),
        (r#"{"1":1,"x":2}"#, Some((ErrorKind::Data, "/x"))),
    ];
    check::<i64>(&integers);
    check::<i128>(&integers);
    let floats = [
        (r#"{"1":1,"1.5":2,"1e2":2,"-1":3}"#, None),
        (r#"{"1.00000":1}"#, Some((ErrorKind::StringTooLong, "/1.00000"))),
        (r#"{"1":1,"1.0":2}"#, Some((ErrorKind::DuplicateKey, "/1.0"))),
        (r#"{"100":1,"1e2":2}"#, Some((ErrorKind::DuplicateKey, "/1e2"))),
        (r#"{"0.0":1,"-0.0":2}"#, Some((ErrorKind::DuplicateKey, "/-0.0"))),
        (r#"{"1":1," 2":2}"#, Some((ErrorKind::Data, "/ 2"))),
        (r#"{"1e999":1}"#, Some((ErrorKind::Data, "/1e999"))),
    ];
    check::<f64>(&floats);
    check::<f32>(&floats);
}

#[test]
fn half_a_pair_of_surrogates_is_no_text_for_bytes_either() {
    assert_eq!(verdict::<Bytes>(r#""\ud83d\ude00""#, &Limits::new()), Ok(()));
    assert_eq!(verdict::<Bytes>(r#""\ud800""#, &Limits::new()), Err(ErrorKind::Syntax));
    assert_eq!(
        verdict::<Bytes>(r#""\u0061b""#, &Limits::new().string(1)),
        Err(ErrorKind::StringTooLong)
    );
}

/// More names than are compared one by one.
#[test]
fn many_names() {
    let members: Vec<_> = (0..10_000).map(|at| format!(r#""{at}":0"#)).collect();
    let input = format!("{{{}}}", members.join(","));
    assert!(from_slice::<Value>(input.as_bytes(), &Limits::new()).is_ok());
    let twice = input.replace(r#""9999""#, r#""0""#);
    let error = from_slice::<Value>(twice.as_bytes(), &Limits::new()).unwrap_err();
    assert_eq!((error.kind(), error.pointer()), (ErrorKind::DuplicateKey, "/0"));
}

#[test]
fn the_deepest_is_as_deep_as_serde_json_goes() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for limits in [Limits::new(), Limits::new().depth(127), Limits::new().depth(u8::MAX)] {
        assert_eq!(verdict::<Value>(&nested(127), &limits), Ok(()));
        assert_eq!(verdict::<Value>(&nested(128), &limits), Err(ErrorKind::TooDeep));
        assert_eq!(verdict::<IgnoredAny>(&nested(128), &limits), Err(ErrorKind::TooDeep));
        assert_eq!(verdict::<Box<RawValue>>(&nested(128), &limits), Err(ErrorKind::TooDeep));
    }
    let deep = "[".repeat(100_000);
    assert_eq!(verdict::<IgnoredAny>(&deep, &Limits::new()), Err(ErrorKind::TooDeep));
}
