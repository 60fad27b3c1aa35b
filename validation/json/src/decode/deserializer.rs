use serde::de::{self, Visitor};

use super::context::Context;
use super::raw;
use super::visitor;
use super::walk::Walk;

/// A deserializer that keeps the limits: it wraps what reads the input, and hands its own wrappers
/// to whoever reads on.
pub(super) struct Deserializer<'c, 'l, 'de, D> {
    pub(super) inner: D,
    pub(super) context: &'c Context<'l, 'de>,
    /// How many containers are around the value.
    pub(super) depth: u8,
}

/// Those that have nothing in them to keep within limits.
macro_rules! scalars {
    ($($method:ident)+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )+};
}

macro_rules! wrapped {
    ($($method:ident)+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = visitor::of_any_names(visitor, self.context, self.depth);
            self.inner.$method(visitor)
        }
    )+};
}

impl<'de, D: de::Deserializer<'de>> de::Deserializer<'de> for Deserializer<'_, '_, 'de, D> {
    type Error = D::Error;

    scalars! {
        deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_unit
    }

    wrapped! {
        deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_seq deserialize_map
        deserialize_identifier
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == raw::TOKEN {
            let Self { inner, context, depth } = self;
            let visitor = raw::Raw { inner: visitor, context, depth };
            return inner.deserialize_newtype_struct(name, visitor);
        }
        let visitor = visitor::of_any_names(visitor, self.context, self.depth);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = visitor::of_any_names(visitor, self.context, self.depth);
        self.inner.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = visitor::of_any_names(visitor, self.context, self.depth);
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = visitor::of_fields(visitor, self.context, self.depth);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = visitor::of_any_names(visitor, self.context, self.depth);
        self.inner.deserialize_enum(name, variants, visitor)
    }

    /// Reads what is ignored as if it were not: it is within the limits and well formed all the
    /// same, which `serde_json` on its own does not look at.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let (context, depth) = (self.context, self.depth);
        let Walk = self.deserialize_any(Walk)?;
        context.ignored.set(depth);
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
