use std::borrow::Cow;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Visitor};

use super::context::Context;
use super::float_key::{self, FloatKey};
use super::names::{Name, Names};
use crate::ErrorKind;

/// Around the seed, then the deserializer, then the visitor of a member's name: takes a note of the
/// name as it passes.
pub(super) struct Key<'n, 'c, 'l, 'de, T, N> {
    pub(super) inner: T,
    pub(super) context: &'c Context<'l, 'de>,
    pub(super) names: &'n mut N,
    /// Whether there are too many members already.
    pub(super) refused: bool,
    /// Whether the name was read.
    pub(super) reached: &'n mut bool,
}

impl<'n, 'c, 'l, 'de, T, N> Key<'n, 'c, 'l, 'de, T, N> {
    /// The next one of seed, deserializer and visitor.
    #[inline]
    fn hand_on<U>(self, inner: U) -> (T, Key<'n, 'c, 'l, 'de, U, N>) {
        let Self { inner: outer, context, names, refused, reached } = self;
        (outer, Key { inner, context, names, refused, reached })
    }

    #[inline]
    pub(super) fn measure<E: de::Error>(&self, name: &[u8]) -> Result<(), E> {
        if name.len() > self.context.limits.longest_string() {
            return Err(self.context.refuse(ErrorKind::StringTooLong));
        }
        Ok(())
    }

    /// The same of a name that was read as an integer, of which there is one spelling.
    #[inline]
    fn measure_spelled<E: de::Error>(&self, name: impl fmt::Display) -> Result<(), E> {
        // `i128::MIN` has so many.
        const LONGEST: usize = 40;

        if self.context.limits.longest_string() < LONGEST {
            return self.measure(name.to_string().as_bytes());
        }
        Ok(())
    }
}

impl<'c, 'l, 'de, S, N> DeserializeSeed<'de> for Key<'_, 'c, 'l, 'de, S, N>
where
    S: DeserializeSeed<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Value = S::Value;

    #[inline]
    fn deserialize<D: de::Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        if self.refused {
            return Err(self.context.refuse(ErrorKind::TooManyMembers));
        }
        *self.reached = true;
        let (seed, deserializer) = self.hand_on(inner);
        seed.deserialize(deserializer)
    }
}

macro_rules! deserialized {
    ($($method:ident($($argument:ident: $type:ty),*))+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let (inner, visitor) = self.hand_on(visitor);
            inner.$method($($argument,)* visitor)
        }
    )+};
}

impl<'c, 'l, 'de, D, N> de::Deserializer<'de> for Key<'_, 'c, 'l, 'de, D, N>
where
    D: de::Deserializer<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Error = D::Error;

    deserialized! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32()
        deserialize_i64() deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32()
        deserialize_u64() deserialize_u128() deserialize_char()
        deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str) deserialize_seq()
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let (inner, key) = self.hand_on(visitor);
        inner.deserialize_str(FloatKey { key, read: float_key::read::<f32> })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let (inner, key) = self.hand_on(visitor);
        inner.deserialize_str(FloatKey { key, read: float_key::read::<f64> })
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! noted {
    ($($method:ident($value:ident: $type:ty) as $name:expr;)+) => {$(
        #[inline]
        fn $method<E: de::Error>(self, $value: $type) -> Result<V::Value, E> {
            self.measure_spelled($value)?;
            self.names.other(|| $name)?;
            self.inner.$method($value)
        }
    )+};
}

macro_rules! copied {
    ($($method:ident($type:ty))+) => {$(
        #[inline]
        fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            let name: &[u8] = value.as_ref();
            self.measure(name)?;
            self.names.other(|| Name::Text(Cow::Owned(name.to_vec())))?;
            self.inner.$method(value)
        }
    )+};
}

impl<'c, 'l, 'de, V, N> Visitor<'de> for Key<'_, 'c, 'l, 'de, V, N>
where
    V: Visitor<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.measure(value.as_bytes())?;
        self.names.borrowed(value.as_bytes())?;
        self.inner.visit_borrowed_str(value)
    }

    #[inline]
    fn visit_borrowed_bytes<E: de::Error>(self, value: &'de [u8]) -> Result<V::Value, E> {
        self.measure(value)?;
        self.names.borrowed(value)?;
        self.inner.visit_borrowed_bytes(value)
    }

    copied! {
        visit_str(&str) visit_string(String)
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<V::Value, E> {
        self.context.check_text(value)?;
        self.measure(value)?;
        self.names.other(|| Name::Text(Cow::Owned(value.to_vec())))?;
        self.inner.visit_bytes(value)
    }

    fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<V::Value, E> {
        self.visit_bytes(&value)
    }

    noted! {
        visit_bool(value: bool) as Name::Bool(value);
        visit_i64(value: i64) as Name::Integer(i128::from(value).to_le_bytes());
        visit_i128(value: i128) as Name::Integer(value.to_le_bytes());
        visit_u64(value: u64) as Name::Integer(u128::from(value).to_le_bytes());
        visit_u128(value: u128) as Name::Integer(value.to_le_bytes());
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.names.other(|| Name::float(value))?;
        self.inner.visit_f64(value)
    }

    #[inline]
    fn visit_some<D: de::Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let (visitor, deserializer) = self.hand_on(inner);
        visitor.visit_some(deserializer)
    }

    #[inline]
    fn visit_newtype_struct<D: de::Deserializer<'de>>(
        self,
        inner: D,
    ) -> Result<V::Value, D::Error> {
        let (visitor, deserializer) = self.hand_on(inner);
        visitor.visit_newtype_struct(deserializer)
    }

    /// A name that is an enum's unit variant, or a raw value.
    fn visit_enum<A: de::EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let (visitor, access) = self.hand_on(inner);
        visitor.visit_enum(access)
    }

    /// A raw value: an object of one member, which is the text of the name.
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let (visitor, map) = self.hand_on(map);
        visitor.visit_map(map)
    }
}

impl<'c, 'l, 'de, A, N> de::MapAccess<'de> for Key<'_, 'c, 'l, 'de, A, N>
where
    A: de::MapAccess<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let text = self.inner.next_value::<&'de str>()?;
        if self.note_quoted::<A::Error>(text).is_err() {
            let end = self.context.offset_of(text).wrapping_add(text.len());
            return Err(self.context.refuse_at(end, ErrorKind::Syntax));
        }
        seed.deserialize(BorrowedStrDeserializer::new(text))
    }
}

impl<'c, 'l, 'de, T, N: Names<'c, 'l, 'de>> Key<'_, 'c, 'l, 'de, T, N> {
    /// Takes a note of a name in its quotes, with its escapes.
    fn note_quoted<E: de::Error>(&mut self, text: &str) -> Result<(), E> {
        let Ok(name) = serde_json::from_str::<String>(text) else {
            return Err(self.context.refuse(ErrorKind::Syntax));
        };
        self.measure(name.as_bytes())?;
        self.names.other(|| Name::Text(Cow::Owned(name.into_bytes())))
    }
}

impl<'c, 'l, 'de, A, N> de::EnumAccess<'de> for Key<'_, 'c, 'l, 'de, A, N>
where
    A: de::EnumAccess<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Error = A::Error;
    type Variant = A::Variant;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, A::Variant), A::Error> {
        let (access, mut seed) = self.hand_on(seed);
        seed.refused = false;
        access.variant_seed(seed)
    }
}
