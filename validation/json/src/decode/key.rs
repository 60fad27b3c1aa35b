use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Visitor};

use super::context::Context;
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
    fn measure<E: de::Error>(&self, name: &[u8]) -> Result<(), E> {
        if name.len() > self.context.limits.longest_string() {
            return Err(self.context.refuse(ErrorKind::StringTooLong));
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
        deserialize_u64() deserialize_u128() deserialize_f32() deserialize_f64() deserialize_char()
        deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str) deserialize_seq()
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! noted {
    ($($method:ident($value:ident: $type:ty) as $name:expr;)+) => {$(
        #[inline]
        fn $method<E: de::Error>(self, $value: $type) -> Result<V::Value, E> {
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
        visit_str(&str) visit_string(String) visit_bytes(&[u8]) visit_byte_buf(Vec<u8>)
    }

    noted! {
        visit_bool(value: bool) as Name::Bool(value);
        visit_i64(value: i64) as Name::Integer(i128::from(value).to_le_bytes());
        visit_i128(value: i128) as Name::Integer(value.to_le_bytes());
        visit_u64(value: u64) as Name::Integer(u128::from(value).to_le_bytes());
        visit_u128(value: u128) as Name::Integer(value.to_le_bytes());
        visit_f64(value: f64) as Name::Float(value.to_bits());
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

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(map)
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
