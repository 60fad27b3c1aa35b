//! The serialiser writes what `serde_json` writes, byte for byte, and fails where it fails.

#![cfg(test)]

#[path = "write/any.rs"]
mod any;
#[path = "write/both.rs"]
mod both;
#[path = "write/shape.rs"]
mod shape;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use any::{any_doubtful_shape, any_shape, any_text, one_of_each};
use both::{Written, by_serde_json, by_us};
use mainstay_json::to_bytes;
use proptest::prelude::*;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use shape::{Length, Shape};

fn shown(written: &Written) -> Result<Cow<'_, str>, &str> {
    written.as_deref().map(String::from_utf8_lossy).map_err(String::as_str)
}

#[track_caller]
fn assert_same<T: Serialize + ?Sized>(value: &T) {
    let (ours, theirs) = (by_us(value), by_serde_json(value));
    assert!(ours == theirs, "{:?} is not {:?}", shown(&ours), shown(&theirs));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_value_is_written_as_serde_json_does(shape in any_shape()) {
        prop_assert!(by_serde_json(&shape).is_ok());
        prop_assert_eq!(by_us(&shape), by_serde_json(&shape));
    }

    #[test]
    fn what_fails_in_serde_json_fails_in_the_same_words(shape in any_doubtful_shape()) {
        prop_assert_eq!(by_us(&shape), by_serde_json(&shape));
    }

    #[test]
    fn strings_of_any_length_are_escaped_alike(texts in prop::collection::vec(any_text(), 0..80)) {
        let text = texts.concat();
        prop_assert_eq!(by_us(&text), by_serde_json(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn floats_of_any_bits_are_written_alike(single in any::<u32>(), double in any::<u64>()) {
        let floats = (f32::from_bits(single), f64::from_bits(double));
        prop_assert_eq!(by_us(&floats), by_serde_json(&floats));
    }
}

#[test]
fn each_byte_is_escaped_alike_at_each_place_in_a_word() {
    for byte in 0..=0x7f {
        for len in 1..=33 {
            for at in 0..len {
                let mut text = vec![b'x'; len];
                text[at] = byte;
                assert_same(&String::from_utf8(text).unwrap());
            }
        }
    }
}

#[test]
fn each_character_beside_another_is_escaped_alike() {
    let characters =
        ['"', '\\', '\0', '\u{1f}', ' ', '!', '#', '[', ']', '\u{7f}', '\u{80}', 'ß', '名', '🍵'];
    for first in characters {
        for second in characters {
            for before in 0..10 {
                let text = format!("{}{first}{second}{first}", "x".repeat(before));
                assert_same(&text);
                assert_same(&BTreeMap::from([(&text, &text)]));
                assert_same(&Shape::Collected(vec![text.clone(), text]));
            }
        }
    }
}

#[test]
fn numbers_at_their_limits_are_written_alike() {
    assert_same(&(i8::MIN, i8::MAX, i16::MIN, i16::MAX, i32::MIN, i32::MAX));
    assert_same(&(i64::MIN, i64::MAX, i128::MIN, i128::MAX));
    assert_same(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX, 0_u8, 0_i128));
    let singles = [0.0, -0.0, 1.0, 1e7, 1e16, 1e-7, f32::MIN_POSITIVE, f32::EPSILON, 1e-45];
    assert_same(&singles.map(|it: f32| [it, -it]));
    assert_same(&[f32::MAX, f32::MIN, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    let doubles = [0.0, 1.0, 0.1, 1e15, 1e16, 1e17, 1e21, 1e-5, 1e-7, f64::MIN_POSITIVE, 5e-324];
    assert_same(&doubles.map(|it: f64| [it, -it]));
    assert_same(&[f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    for exponent in -330..=310 {
        assert_same(&format!("1e{exponent}").parse::<f64>().unwrap());
    }
}

#[test]
fn each_kind_of_value_is_written_and_each_kind_of_key_taken_or_refused_alike() {
    for shape in one_of_each() {
        assert_same(&shape);
        assert_same(&Shape::Map(Length::Known, vec![(shape, Shape::Unit)]));
    }
}

/// A struct that `serde_json` knows by its name.
struct Token<T> {
    name: &'static str,
    field: &'static str,
    value: T,
}

impl<T: Serialize> Serialize for Token<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct(self.name, 1)?;
        fields.serialize_field(self.field, &self.value)?;
        fields.end()
    }
}

const RAW: &str = "$serde_json::private::RawValue";
/// It is only one where `serde_json` is built with `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

proptest! {
    #[test]
    fn what_is_json_already_is_written_as_it_stands(json in any_shape()) {
        let json = String::from_utf8(serde_json::to_vec(&json).unwrap()).unwrap();
        let json = format!(" {json}\n");
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(by_us(&(raw, [raw])), by_serde_json(&(raw, [raw])));
    }
}

#[test]
fn what_is_json_already_is_a_string() {
    assert_same(&Token { name: RAW, field: RAW, value: "[ 1 ]" });
    for value in one_of_each().into_iter().filter(|it| !matches!(it, Shape::Str(_))) {
        let token = Token { name: RAW, field: RAW, value };
        assert_eq!(by_us(&token).is_ok(), by_serde_json(&token).is_ok(), "{:?}", token.value);
    }
    let other_field = Token { name: RAW, field: "json", value: "1" };
    assert!(by_us(&other_field).is_err() && by_serde_json(&other_field).is_err());
    let digits = "0.10000000000000000000000000000000001";
    let number = Token { name: NUMBER, field: NUMBER, value: digits };
    assert_eq!(by_us(&number).as_deref(), Ok(digits.as_bytes()));
}

#[test]
fn values_are_told_that_it_is_for_humans() {
    assert_same(&std::net::Ipv4Addr::LOCALHOST);
    assert_same(&std::time::Duration::from_millis(1500));
}

/// Says that it has nothing in it.
struct Liar;

impl Serialize for Liar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(0))?;
        members.serialize_entry("items", &LyingItems)?;
        members.end()
    }
}

struct LyingItems;

impl Serialize for LyingItems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(0))?;
        items.serialize_element(&1)?;
        items.serialize_element(&2)?;
        items.end()
    }
}

#[test]
fn a_wrong_length_does_no_harm() {
    assert_eq!(to_bytes(&Liar).unwrap(), r#"{"items":[1,2]}"#);
}

/// Formats half of itself.
struct HalfShown;

impl Display for HalfShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        Err(fmt::Error)
    }
}

impl Serialize for HalfShown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[test]
fn a_display_that_fails_is_an_error_and_no_panic() {
    assert_eq!(by_us(&HalfShown), Err("a value's Display failed".to_owned()));
    let raw = Token { name: RAW, field: RAW, value: HalfShown };
    assert_eq!(by_us(&raw), Err("a value's Display failed".to_owned()));
}
