use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Visitor};

use super::access::{Elements, Members};
use super::context::Context;
use super::deserializer::Deserializer;
use super::names::{Every, Ignored, Names};
use super::variant::Variants;
use crate::ErrorKind;

/// Around a visitor: measures what it is shown.
pub(super) struct Bounded<'c, 'l, 'de, V, N> {
    pub(super) visitor: V,
    pub(super) context: &'c Context<'l, 'de>,
    /// How many containers are around the value.
    pub(super) depth: u8,
    /// What is remembered of the names of an object.
    pub(super) names: PhantomData<N>,
}

/// Around a visitor that reads an object by the names of its own fields, and refuses them when
/// they come twice.
#[inline]
pub(super) fn of_fields<'c, 'l, 'de, V>(
    visitor: V,
    context: &'c Context<'l, 'de>,
    depth: u8,
) -> Bounded<'c, 'l, 'de, V, Ignored<'c, 'l, 'de>> {
    Bounded { visitor, context, depth, names: PhantomData }
}

/// Around a visitor that may take any name.
#[inline]
pub(super) fn of_any_names<'c, 'l, 'de, V>(
    visitor: V,
    context: &'c Context<'l, 'de>,
    depth: u8,
) -> Bounded<'c, 'l, 'de, V, Every<'c, 'l, 'de>> {
    Bounded { visitor, context, depth, names: PhantomData }
}

impl<V, N> Bounded<'_, '_, '_, V, N> {
    #[inline]
    fn deeper<E: de::Error>(&self) -> Result<u8, E> {
        if self.depth >= self.context.limits.deepest() {
            return Err(self.context.refuse(ErrorKind::TooDeep));
        }
        Ok(self.depth + 1)
    }

    #[inline]
    fn measure<E: de::Error>(&self, string: &[u8]) -> Result<(), E> {
        if string.len() > self.context.limits.longest_string() {
            return Err(self.context.refuse(ErrorKind::StringTooLong));
        }
        Ok(())
    }
}

macro_rules! passed_on {
    ($($method:ident($value:ty))+) => {$(
        #[inline]
        fn $method<E: de::Error>(self, value: $value) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )+};
}

macro_rules! measured {
    ($($method:ident($value:ty))+) => {$(
        #[inline]
        fn $method<E: de::Error>(self, value: $value) -> Result<V::Value, E> {
            self.measure(value.as_ref())?;
            self.visitor.$method(value)
        }
    )+};
}

impl<'c, 'l, 'de, V, N> Visitor<'de> for Bounded<'c, 'l, 'de, V, N>
where
    V: Visitor<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    passed_on! {
        visit_bool(bool) visit_char(char) visit_f32(f32) visit_f64(f64)
        visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
    }

    measured! {
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_borrowed_bytes(&'de [u8])
    }

    #[inline]
    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<V::Value, E> {
        self.context.check_text(value)?;
        self.measure(value)?;
        self.visitor.visit_bytes(value)
    }

    #[inline]
    fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<V::Value, E> {
        self.context.check_text(&value)?;
        self.measure(&value)?;
        self.visitor.visit_byte_buf(value)
    }

    #[inline]
    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    #[inline]
    fn visit_some<D: de::Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let Self { visitor, context, depth, .. } = self;
        visitor.visit_some(Deserializer { inner, context, depth })
    }

    #[inline]
    fn visit_newtype_struct<D: de::Deserializer<'de>>(
        self,
        inner: D,
    ) -> Result<V::Value, D::Error> {
        let Self { visitor, context, depth, .. } = self;
        visitor.visit_newtype_struct(Deserializer { inner, context, depth })
    }

    #[inline]
    fn visit_seq<A: de::SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let depth = self.deeper()?;
        let Self { visitor, context, .. } = self;
        visitor.visit_seq(Elements { inner, context, depth, read: 0 })
    }

    #[inline]
    fn visit_map<A: de::MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let depth = self.deeper()?;
        let Self { visitor, context, .. } = self;
        let names = N::new(context);
        visitor.visit_map(Members { inner, context, depth, read: 0, names })
    }

    #[inline]
    fn visit_enum<A: de::EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Self { visitor, context, depth, .. } = self;
        visitor.visit_enum(Variants { inner, context, depth })
    }
}
