//! What holds of every value that is written: the fuzz target looks for one that breaks it, and
//! `tests/corpus.rs` tries those that are worth keeping.

#[path = "../write/both.rs"]
mod both;
#[path = "../write/shape.rs"]
mod shape;

use std::collections::BTreeMap;

use both::{by_serde_json, by_us};
use mainstay_json::{Fragments, to_bytes};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shape::{Length, NAMES, Shape};

/// How deep what is told is nested at most.
const DEPTH: usize = 100;

/// The input is told as a value of serde's data model (see `Teller`), and is also written as what
/// else it is: text, numbers, JSON.
pub(crate) fn write(input: &[u8]) {
    let mut teller = Teller { rest: input };
    same(&teller.value(DEPTH));
    numbers(input);
    if let Ok(text) = std::str::from_utf8(input) {
        same(text);
        let fragment = Fragments::new().string(text).into_bytes();
        assert_eq!(fragment.ok().as_deref(), by_serde_json(text).ok().as_deref());
        same(&BTreeMap::from([(text, text)]));
        same(&text.chars().take(64).map(|it| (it, it)).collect::<BTreeMap<_, _>>());
    }
    if let Ok(value) = serde_json::from_slice::<Value>(input) {
        same(&value);
    }
    if let Ok(raw) = serde_json::from_slice::<&RawValue>(input) {
        same(&(raw, [raw]));
    }
}

/// The same bytes, or an error in the same words; and from the pool as well.
fn same<T: Serialize + ?Sized>(value: &T) {
    let (ours, theirs) = (by_us(value), by_serde_json(value));
    let pooled = to_bytes(value);
    assert_eq!(pooled.ok().as_deref(), ours.as_deref().ok());
    assert_eq!(ours, theirs);
}

/// A number is also read as the same, to the bit.
fn numbers(input: &[u8]) {
    for bytes in input.chunks_exact(8).take(16) {
        let bits = u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        let double = f64::from_bits(bits);
        let single = f32::from_bits(u32::try_from(bits >> 32).expect("the upper half"));
        same(&(double, single, bits, bits.cast_signed()));
        if double.is_finite() {
            assert_eq!(read::<f64>(&double).to_bits(), double.to_bits());
        }
        if single.is_finite() {
            assert_eq!(read::<f32>(&single).to_bits(), single.to_bits());
        }
    }
}

fn read<T: std::str::FromStr>(value: &impl Serialize) -> T {
    let written = by_us(value).ok().and_then(|it| String::from_utf8(it).ok());
    written.and_then(|it| it.parse().ok()).expect("a number")
}

/// Tells a value from bytes: first its kind, by the letters of [`Teller::value`], of which only
/// the five lowest bits count; then what is in it. Numbers are big-endian, texts end with `|` and
/// lists with `)`. What is missing at the end is zero.
struct Teller<'a> {
    rest: &'a [u8],
}

impl Teller<'_> {
    fn value(&mut self, depth: usize) -> Shape {
        let kind = self.byte();
        if depth == 0 {
            return Shape::Unit;
        }
        match (kind % 32) | 0x60 {
            b'b' => Shape::Bool(self.byte() % 2 == 1),
            b'c' => Shape::Char(char::from_u32(u32::from_be_bytes(self.bytes())).unwrap_or('c')),
            b's' => Shape::Str(self.text()),
            b'k' => Shape::Collected(self.list(Teller::text)),
            b'y' => Shape::Bytes(self.text().into_bytes()),
            b'o' => Shape::Some(Box::new(self.value(depth - 1))),
            b'z' => Shape::None,
            b'|' => Shape::Fails(self.text()),
            b'd' => Shape::F64(f64::from_be_bytes(self.bytes())),
            b'f' => Shape::F32(f32::from_be_bytes(self.bytes())),
            kind @ (b'g'..=b'j' | b'p' | b'q' | b'u' | b'x' | b'}' | b'~') => self.integer(kind),
            kind => self.compound(kind, depth - 1),
        }
    }

    fn integer(&mut self, kind: u8) -> Shape {
        match kind {
            b'p' => Shape::I8(i8::from_be_bytes(self.bytes())),
            b'q' => Shape::I16(i16::from_be_bytes(self.bytes())),
            b'i' => Shape::I32(i32::from_be_bytes(self.bytes())),
            b'j' => Shape::I64(i64::from_be_bytes(self.bytes())),
            b'g' => Shape::I128(i128::from_be_bytes(self.bytes())),
            b'x' => Shape::U8(self.byte()),
            b'}' => Shape::U16(u16::from_be_bytes(self.bytes())),
            b'~' => Shape::U32(u32::from_be_bytes(self.bytes())),
            b'u' => Shape::U64(u64::from_be_bytes(self.bytes())),
            _ => Shape::U128(u128::from_be_bytes(self.bytes())),
        }
    }

    fn compound(&mut self, kind: u8, depth: usize) -> Shape {
        match kind {
            b'n' => Shape::NewtypeStruct(self.name(), Box::new(self.value(depth))),
            b'w' => Shape::NewtypeVariant(self.name(), Box::new(self.value(depth))),
            b'v' => Shape::UnitVariant(self.name()),
            0x7f => Shape::UnitStruct(self.name()),
            b'a' => Shape::Seq(self.length(), self.list(|teller| teller.value(depth))),
            b't' => Shape::Tuple(self.list(|teller| teller.value(depth))),
            b'{' => Shape::TupleStruct(self.name(), self.list(|teller| teller.value(depth))),
            b'l' => Shape::TupleVariant(self.name(), self.list(|teller| teller.value(depth))),
            b'm' => {
                let length = self.length();
                Shape::Map(length, self.list(|it| (it.value(depth), it.value(depth))))
            }
            b'r' => Shape::Struct(self.name(), self.list(|it| (it.name(), it.value(depth)))),
            b'e' => Shape::StructVariant(self.name(), self.list(|it| (it.name(), it.value(depth)))),
            _ => Shape::Unit,
        }
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.bytes();
        byte
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.rest.split_at(self.rest.len().min(N));
        self.rest = rest;
        let mut bytes = [0; N];
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    fn text(&mut self) -> String {
        let end = self.rest.iter().position(|byte| *byte == b'|').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        while !self.rest.is_empty() {
            if let Some(rest) = self.rest.strip_prefix(b")") {
                self.rest = rest;
                break;
            }
            items.push(item(self));
        }
        items
    }

    fn name(&mut self) -> &'static str {
        NAMES[usize::from(self.byte()) % NAMES.len()]
    }

    fn length(&mut self) -> Length {
        if self.byte().is_multiple_of(2) { Length::Known } else { Length::Unknown }
    }
}
