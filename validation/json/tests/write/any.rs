//! Values of all kinds, at random and one of each.

use proptest::prelude::*;

use super::shape::{Length, NAMES, Shape};

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// Strings in which much is escaped, and such in which nothing is.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\\x00-\\x7f]{0,40}", "[ -~]{0,40}", "[a-z\"\\\\\n]{0,40}"]
}

/// Floats as they are in prices, and any bits at all.
fn any_double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<f64>(),
        any::<i32>().prop_map(f64::from)
    ]
}

fn any_float() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        any::<f32>(),
        any::<i16>().prop_map(f32::from)
    ]
}

fn any_integer() -> impl Strategy<Value = Shape> {
    prop_oneof![
        any::<i8>().prop_map(Shape::I8),
        any::<i16>().prop_map(Shape::I16),
        any::<i32>().prop_map(Shape::I32),
        any::<i64>().prop_map(Shape::I64),
        any::<i128>().prop_map(Shape::I128),
        any::<u8>().prop_map(Shape::U8),
        any::<u16>().prop_map(Shape::U16),
        any::<u32>().prop_map(Shape::U32),
        any::<u64>().prop_map(Shape::U64),
        any::<u128>().prop_map(Shape::U128),
    ]
}

fn any_leaf() -> impl Strategy<Value = Shape> {
    prop_oneof![
        4 => any_integer(),
        1 => any::<bool>().prop_map(Shape::Bool),
        1 => any_float().prop_map(Shape::F32),
        1 => any_double().prop_map(Shape::F64),
        1 => any::<char>().prop_map(Shape::Char),
        2 => any_text().prop_map(Shape::Str),
        1 => prop::collection::vec(any_text(), 0..4).prop_map(Shape::Collected),
        1 => any::<Vec<u8>>().prop_map(Shape::Bytes),
        1 => Just(Shape::None),
        1 => Just(Shape::Unit),
        1 => any_name().prop_map(Shape::UnitStruct),
        1 => any_name().prop_map(Shape::UnitVariant),
    ]
}

/// What can be the name of a member.
fn any_key() -> impl Strategy<Value = Shape> {
    let key = prop_oneof![
        any_integer(),
        any::<bool>().prop_map(Shape::Bool),
        any_float().prop_filter("finite", |it| it.is_finite()).prop_map(Shape::F32),
        any_double().prop_filter("finite", |it| it.is_finite()).prop_map(Shape::F64),
        any::<char>().prop_map(Shape::Char),
        any_text().prop_map(Shape::Str),
        prop::collection::vec(any_text(), 0..4).prop_map(Shape::Collected),
        any_name().prop_map(Shape::UnitVariant),
    ];
    key.prop_recursive(2, 2, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| Shape::Some(Box::new(it))),
            (any_name(), inner).prop_map(|(name, it)| Shape::NewtypeStruct(name, Box::new(it))),
        ]
    })
}

fn any_length() -> impl Strategy<Value = Length> {
    prop::sample::select(&[Length::Known, Length::Unknown][..])
}

/// Any value of the data model, made of these leaves and these names of members.
fn nested(leaf: BoxedStrategy<Shape>, key: BoxedStrategy<Shape>) -> BoxedStrategy<Shape> {
    let nested = leaf.prop_recursive(5, 48, 5, move |inner| {
        let one = || inner.clone().prop_map(Box::new);
        let items = || prop::collection::vec(inner.clone(), 0..5);
        let members = prop::collection::vec((key.clone(), inner.clone()), 0..5);
        let fields = || prop::collection::vec((any_name(), inner.clone()), 0..5);
        prop_oneof![
            one().prop_map(Shape::Some),
            (any_name(), one()).prop_map(|(name, it)| Shape::NewtypeStruct(name, it)),
            (any_name(), one()).prop_map(|(name, it)| Shape::NewtypeVariant(name, it)),
            (any_length(), items()).prop_map(|(length, them)| Shape::Seq(length, them)),
            items().prop_map(Shape::Tuple),
            (any_name(), items()).prop_map(|(name, them)| Shape::TupleStruct(name, them)),
            (any_name(), items()).prop_map(|(name, them)| Shape::TupleVariant(name, them)),
            (any_length(), members).prop_map(|(length, them)| Shape::Map(length, them)),
            (any_name(), fields()).prop_map(|(name, them)| Shape::Struct(name, them)),
            (any_name(), fields()).prop_map(|(name, them)| Shape::StructVariant(name, them)),
        ]
    });
    nested.boxed()
}

/// What can be written.
pub(crate) fn any_shape() -> BoxedStrategy<Shape> {
    nested(any_leaf().boxed(), any_key().boxed())
}

/// What mostly cannot: the name of a member may be anything, and some parts fail.
pub(crate) fn any_doubtful_shape() -> BoxedStrategy<Shape> {
    let leaf = prop_oneof![9 => any_leaf(), 1 => any_text().prop_map(Shape::Fails)];
    let key = prop_oneof![3 => any_key(), 1 => nested(any_leaf().boxed(), any_key().boxed())];
    nested(leaf.boxed(), key.boxed())
}

/// One of each kind, as the name of a member: whether it can be one or not.
pub(crate) fn one_of_each() -> Vec<Shape> {
    let unit = || Box::new(Shape::Unit);
    let text = || Box::new(Shape::Str("tea".to_owned()));
    vec![
        Shape::Bool(true),
        Shape::I8(-1),
        Shape::I16(-1),
        Shape::I32(-1),
        Shape::I64(-1),
        Shape::I128(-1),
        Shape::U8(1),
        Shape::U16(1),
        Shape::U32(1),
        Shape::U64(1),
        Shape::U128(1),
        Shape::F32(0.5),
        Shape::F32(f32::NAN),
        Shape::F32(f32::INFINITY),
        Shape::F64(0.5),
        Shape::F64(f64::NAN),
        Shape::F64(f64::NEG_INFINITY),
        Shape::Char('"'),
        *text(),
        Shape::Collected(vec!["green".to_owned(), " \"tea\"".to_owned()]),
        Shape::Bytes(b"tea".to_vec()),
        Shape::None,
        Shape::Some(text()),
        Shape::Some(unit()),
        Shape::Unit,
        Shape::UnitStruct("Tea"),
        Shape::UnitVariant("Tea"),
        Shape::NewtypeStruct("Tea", text()),
        Shape::NewtypeStruct("Tea", unit()),
        Shape::NewtypeVariant("Tea", text()),
        Shape::Seq(Length::Known, vec![]),
        Shape::Tuple(vec![]),
        Shape::TupleStruct("Tea", vec![]),
        Shape::TupleVariant("Tea", vec![]),
        Shape::Map(Length::Unknown, vec![]),
        Shape::Struct("Tea", vec![]),
        Shape::StructVariant("Tea", vec![]),
        Shape::Fails("told to".to_owned()),
    ]
}
