//! A value that drives each method of a serialiser, as told.

use std::fmt::{self, Display};

use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

/// Names of fields and variants: each length around a word, and what is escaped in some.
pub(crate) const NAMES: [&str; 24] = [
    "",
    "a",
    "id",
    "sku",
    "note",
    "price",
    "status",
    "created",
    "quantity",
    "customers",
    "line_items",
    "coupon_code",
    "x-request-id",
    "a name of more than sixteen bytes",
    "\"",
    "\\",
    "\n",
    "a\"b",
    "tab\t",
    "quoted\"",
    "in the \\ middle",
    "\u{7f}",
    "größe",
    "名前",
];

#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Str(String),
    /// Handed over as pieces, through `Display`.
    Collected(Vec<String>),
    Bytes(Vec<u8>),
    None,
    Some(Box<Shape>),
    Unit,
    UnitStruct(&'static str),
    UnitVariant(&'static str),
    NewtypeStruct(&'static str, Box<Shape>),
    NewtypeVariant(&'static str, Box<Shape>),
    Seq(Length, Vec<Shape>),
    Tuple(Vec<Shape>),
    TupleStruct(&'static str, Vec<Shape>),
    TupleVariant(&'static str, Vec<Shape>),
    Map(Length, Vec<(Shape, Shape)>),
    Struct(&'static str, Vec<(&'static str, Shape)>),
    StructVariant(&'static str, Vec<(&'static str, Shape)>),
    /// Says that it fails, and why.
    Fails(String),
}

/// Whether a sequence or map says how long it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Known,
    Unknown,
}

impl Length {
    fn of(self, len: usize) -> Option<usize> {
        match self {
            Self::Known => Some(len),
            Self::Unknown => None,
        }
    }
}

struct Pieces<'a>(&'a [String]);

impl Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => to.serialize_bool(*value),
            Self::I8(value) => to.serialize_i8(*value),
            Self::I16(value) => to.serialize_i16(*value),
            Self::I32(value) => to.serialize_i32(*value),
            Self::I64(value) => to.serialize_i64(*value),
            Self::I128(value) => to.serialize_i128(*value),
            Self::U8(value) => to.serialize_u8(*value),
            Self::U16(value) => to.serialize_u16(*value),
            Self::U32(value) => to.serialize_u32(*value),
            Self::U64(value) => to.serialize_u64(*value),
            Self::U128(value) => to.serialize_u128(*value),
            Self::F32(value) => to.serialize_f32(*value),
            Self::F64(value) => to.serialize_f64(*value),
            Self::Char(value) => to.serialize_char(*value),
            Self::Str(text) => to.serialize_str(text),
            Self::Collected(pieces) => to.collect_str(&Pieces(pieces)),
            Self::Bytes(bytes) => to.serialize_bytes(bytes),
            Self::None => to.serialize_none(),
            Self::Some(value) => to.serialize_some(value),
            Self::Unit => to.serialize_unit(),
            Self::UnitStruct(name) => to.serialize_unit_struct(name),
            Self::UnitVariant(variant) => to.serialize_unit_variant("Enum", 1, variant),
            Self::NewtypeStruct(name, value) => to.serialize_newtype_struct(name, value),
            Self::NewtypeVariant(variant, value) => {
                to.serialize_newtype_variant("Enum", 1, variant, value)
            }
            Self::Fails(why) => Err(S::Error::custom(why)),
            _ => self.serialize_parts(to),
        }
    }
}

impl Shape {
    fn serialize_parts<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seq(length, items) => {
                let mut to = to.serialize_seq(length.of(items.len()))?;
                items.iter().try_for_each(|item| to.serialize_element(item))?;
                to.end()
            }
            Self::Tuple(items) => {
                let mut to = to.serialize_tuple(items.len())?;
                items.iter().try_for_each(|item| to.serialize_element(item))?;
                to.end()
            }
            Self::TupleStruct(name, items) => {
                let mut to = to.serialize_tuple_struct(name, items.len())?;
                items.iter().try_for_each(|item| to.serialize_field(item))?;
                to.end()
            }
            Self::TupleVariant(variant, items) => {
                let mut to = to.serialize_tuple_variant("Enum", 1, variant, items.len())?;
                items.iter().try_for_each(|item| to.serialize_field(item))?;
                to.end()
            }
            Self::Map(length, members) => {
                let mut to = to.serialize_map(length.of(members.len()))?;
                for (nth, (key, value)) in members.iter().enumerate() {
                    if nth % 2 == 0 {
                        to.serialize_entry(key, value)?;
                    } else {
                        to.serialize_key(key)?;
                        to.serialize_value(value)?;
                    }
                }
                to.end()
            }
            Self::Struct(name, fields) => {
                let mut to = to.serialize_struct(name, fields.len())?;
                fields.iter().try_for_each(|(name, value)| to.serialize_field(name, value))?;
                to.end()
            }
            Self::StructVariant(variant, fields) => {
                let mut to = to.serialize_struct_variant("Enum", 1, variant, fields.len())?;
                fields.iter().try_for_each(|(name, value)| to.serialize_field(name, value))?;
                to.end()
            }
            _ => unreachable!("it has no parts"),
        }
    }
}
