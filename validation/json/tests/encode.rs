//! What answers are, and that there is none where a value fails.

#![cfg(test)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use mainstay_json::{
    Buffer, EncodeError, Fragments, JsonBody, JsonData, to_body, to_bytes, to_sensitive_body,
};
use proptest::prelude::*;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

fn poll(body: &mut JsonBody) -> Option<JsonData> {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(frame) = Pin::new(body).poll_frame(&mut context) else {
        panic!("the body is there already");
    };
    frame.map(|frame: Result<Frame<JsonData>, Infallible>| frame.unwrap().into_data().unwrap())
}

/// Reads a body by its laws: what it says of itself before and after is what it does.
fn read(mut body: JsonBody) -> Vec<u8> {
    let expected = body.size_hint().exact().expect("the length is known");
    assert_eq!(expected, body.len() as u64);
    let mut read = Vec::new();
    while !body.is_end_stream() {
        let mut data = poll(&mut body).expect("it is not at its end");
        while data.has_remaining() {
            assert_eq!(data.chunk().len(), data.remaining());
            read.push(data.chunk()[0]);
            data.advance(1);
        }
    }
    assert_eq!(read.len() as u64, expected);
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(poll(&mut body).is_none());
    assert!(poll(&mut body).is_none(), "after the end is still the end");
    read
}

/// All that each way of writing makes of a value.
fn every_way<T: Serialize + ?Sized>(value: &T) -> Vec<Vec<u8>> {
    let fragments = || Fragments::new().value(value);
    let mut buffer = Buffer::with_capacity(0);
    serde_json::to_writer(&mut buffer, value).unwrap();
    vec![
        to_bytes(value).unwrap().to_vec(),
        read(to_body(value).unwrap()),
        to_body(value).unwrap().into_bytes().to_vec(),
        read(to_sensitive_body(value).unwrap()),
        to_sensitive_body(value).unwrap().into_bytes().to_vec(),
        fragments().into_bytes().unwrap().to_vec(),
        read(fragments().into_body().unwrap()),
        read(JsonBody::from(buffer)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x7f]{0,3000}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[derive(Debug, Serialize)]
struct Typed {
    text: String,
    letter: char,
    maybe: Option<i128>,
    bytes: Vec<u8>,
    pairs: Vec<(i8, f32)>,
    by_number: BTreeMap<u16, Kind>,
    #[serde(flatten)]
    more: BTreeMap<String, bool>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Unit,
    Newtype(String),
    Tuple(u8, u8),
    Struct { unit: () },
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Unit),
        any::<String>().prop_map(Kind::Newtype),
        any::<(u8, u8)>().prop_map(|(a, b)| Kind::Tuple(a, b)),
        Just(Kind::Struct { unit: () }),
    ]
}

prop_compose! {
    fn any_typed()(
        text in any::<String>(),
        letter in any::<char>(),
        maybe in any::<Option<i128>>(),
        bytes in any::<Vec<u8>>(),
        pairs in any::<Vec<(i8, f32)>>(),
        by_number in prop::collection::btree_map(any::<u16>(), any_kind(), 0..8),
        more in any::<BTreeMap<String, bool>>(),
    ) -> Typed {
        Typed { text, letter, maybe, bytes, pairs, by_number, more }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_way_writes_what_serde_json_writes(value in any_json()) {
        let expected = serde_json::to_vec(&value).unwrap();
        for written in every_way(&value) {
            prop_assert_eq!(&written, &expected);
        }
    }

    #[test]
    fn every_way_writes_structs_as_serde_json_does(value in any_typed()) {
        let expected = serde_json::to_vec(&value).unwrap();
        for written in every_way(&value) {
            prop_assert_eq!(&written, &expected);
        }
    }

    #[test]
    fn fragments_write_what_the_whole_would_be(text in any::<String>(), value in any_json()) {
        let whole = serde_json::json!({ "a": text, "b": value });
        let answer = Fragments::new()
            .raw(r#"{"a":"#)
            .string(&text)
            .raw(r#","b":"#)
            .value(&value)
            .raw("}");
        prop_assert_eq!(answer.into_bytes().unwrap(), serde_json::to_vec(&whole).unwrap());
    }
}

#[test]
fn answers_of_every_length_around_the_edges_of_slabs_and_classes_are_whole() {
    let edges = [256, 1024, 16 << 10, 64 << 10, 1 << 20];
    for len in edges.into_iter().flat_map(|edge| edge - 3..edge + 3) {
        let text = "x".repeat(len);
        let expected = serde_json::to_vec(&text).unwrap();
        assert!(every_way(&text).iter().all(|written| *written == expected), "{len}");
    }
}

#[test]
fn an_answer_larger_than_any_buffer_that_is_kept_is_whole() {
    let text = "x".repeat(20 << 20);
    let expected = serde_json::to_vec(&text).unwrap();
    assert!(to_bytes(&text).unwrap() == expected);
    assert!(*to_body(&text).unwrap() == *expected);
    assert!(to_body(&text).unwrap().into_bytes() == expected);
}

/// Writes a part of itself and then fails, if it is told to.
struct Half {
    fails: bool,
}

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        sequence.serialize_element("the first half of it")?;
        if self.fails {
            return Err(S::Error::custom("no row 7 in table orders_2026"));
        }
        sequence.end()
    }
}

#[test]
fn a_value_that_fails_half_way_leaves_nothing_behind() {
    let half = Half { fails: true };
    for _ in 0..3 {
        assert!(to_bytes(&half).is_err());
        assert!(to_body(&half).is_err());
        assert!(to_sensitive_body(&half).is_err());
        let fragments = || Fragments::new().raw("[").value(&half).raw(",").value(&1).raw("]");
        assert!(fragments().into_bytes().is_err());
        assert!(fragments().into_body().is_err());
        drop(fragments());
        // The next is not built on the remains.
        let whole = br#"["the first half of it"]"#;
        assert!(every_way(&Half { fails: false }).iter().all(|written| written == whole));
    }
}

#[test]
fn the_error_keeps_what_went_wrong_to_the_log() {
    let error: EncodeError = to_bytes(&Half { fails: true }).unwrap_err();
    assert!(!error.to_string().contains("orders_2026"));
    assert!(error.source().unwrap().to_string().contains("orders_2026"));
    let boxed: Box<dyn Error + Send + Sync> = error.into();
    assert!(boxed.downcast_ref::<EncodeError>().is_some());
}

/// Makes an answer of its own while it is written, and panics deep inside if it is told to.
struct Nested {
    depth: usize,
    panics: bool,
}

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth == 0 {
            assert!(!self.panics, "told to");
            return serializer.serialize_str("core");
        }
        let inner = Nested { depth: self.depth - 1, ..*self };
        let text = match self.depth % 3 {
            0 => to_bytes(&inner).map(|it| it.to_vec()),
            1 => to_body(&inner).map(|it| it.to_vec()),
            _ => to_sensitive_body(&inner).map(|it| it.to_vec()),
        };
        let text = String::from_utf8(text.map_err(S::Error::custom)?).map_err(S::Error::custom)?;
        let mut sequence = serializer.serialize_seq(None)?;
        sequence.serialize_element(&text)?;
        // After the answer inside, the buffer is still this one's.
        sequence.serialize_element(&to_bytes("beside").map_err(S::Error::custom)?.len())?;
        sequence.end()
    }
}

fn nested(depth: usize) -> String {
    if depth == 0 {
        return "\"core\"".to_owned();
    }
    serde_json::to_string(&(nested(depth - 1), 8)).unwrap()
}

#[test]
fn a_value_may_make_answers_while_it_is_written() {
    for depth in 0..8 {
        let expected = nested(depth).into_bytes();
        assert!(every_way(&Nested { depth, panics: false }).iter().all(|it| *it == expected));
    }
}

#[test]
fn a_value_that_panics_takes_nothing_with_it() {
    for depth in 0..5 {
        let panics = Nested { depth, panics: true };
        let caught = |write: fn(&Nested)| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write(&panics)))
        };
        assert!(caught(|it| drop(to_bytes(it))).is_err());
        assert!(caught(|it| drop(to_body(it))).is_err());
        assert!(caught(|it| drop(to_sensitive_body(it))).is_err());
        assert!(caught(|it| drop(Fragments::new().raw("[").value(it).into_bytes())).is_err());
        assert!(every_way("tea").iter().all(|written| written == b"\"tea\""));
    }
}

#[test]
fn an_empty_buffer_is_an_empty_body() {
    let body = JsonBody::from(Buffer::with_capacity(16));
    assert!(body.is_end_stream());
    assert!(read(body).is_empty());
    assert!(JsonBody::from(Buffer::with_capacity(16)).into_bytes().is_empty());
}

#[test]
fn what_is_half_read_goes_on_where_it_was() {
    for body in [to_body(&[1, 2, 3]).unwrap(), to_sensitive_body(&[1, 2, 3]).unwrap()] {
        let mut body = body;
        let mut data = poll(&mut body).unwrap();
        data.advance(3);
        assert_eq!(&*data, b"2,3]");
        assert_eq!(data.copy_to_bytes(2), Bytes::from_static(b"2,"));
        assert_eq!(data.chunk(), b"3]");
        assert_eq!(body.into_bytes(), Bytes::new());
    }
}

#[test]
#[should_panic(expected = "past the end")]
fn data_does_not_advance_past_its_end() {
    poll(&mut to_body(&1).unwrap()).unwrap().advance(2);
}

#[test]
fn nothing_prints_what_is_in_an_answer() {
    let mut body = to_sensitive_body("s3cret").unwrap();
    assert!(!format!("{body:?}").contains("s3cret"));
    assert!(!format!("{:?}", poll(&mut body)).contains("s3cret"));
    assert!(!format!("{:?}", to_body("s3cret").unwrap()).contains("s3cret"));
    let fragments = Fragments::new().string("s3cret");
    assert!(!format!("{fragments:?}").contains("s3cret"));
}

#[test]
fn answers_cross_threads() {
    fn sent<T: Send + Sync + Unpin + 'static>() {}
    sent::<JsonBody>();
    sent::<JsonData>();
    sent::<Buffer>();
    sent::<EncodeError>();
}
