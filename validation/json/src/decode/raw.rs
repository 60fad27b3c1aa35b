//! `serde_json::value::RawValue`: a text that is skipped, and read again within the limits.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Visitor};

use super::classify;
use super::context::Context;
use super::deserializer::Deserializer;
use super::place;
use super::walk::Walk;

/// The name by which `serde_json` knows a raw value. It is not part of its interface, so a test
/// looks whether it still is this.
pub(super) const TOKEN: &str = "$serde_json::private::RawValue";

/// Around the visitor of a raw value, then around the only member of the object that stands for
/// it, which is its text.
pub(super) struct Raw<'c, 'l, 'de, T> {
    pub(super) inner: T,
    pub(super) context: &'c Context<'l, 'de>,
    pub(super) depth: u8,
}

impl<'de, T> Raw<'_, '_, 'de, T> {
    fn check<E: de::Error>(&self, text: &'de str) -> Result<(), E> {
        let mut inner = serde_json::Deserializer::from_str(text);
        let (context, depth) = (self.context, self.depth);
        let Err(error) = Walk::deserialize(Deserializer { inner: &mut inner, context, depth })
        else {
            return Ok(());
        };
        let within = place::offset(text.as_bytes(), error.line(), error.column());
        let at = context.offset_of(text).wrapping_add(within);
        Err(context.refuse_at(at, classify::kind(&error)))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Raw<'_, '_, 'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Self { inner: visitor, context, depth } = self;
        visitor.visit_map(Raw { inner, context, depth })
    }
}

impl<'de, A: de::MapAccess<'de>> de::MapAccess<'de> for Raw<'_, '_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let text = self.inner.next_value::<&'de str>()?;
        self.check(text)?;
        seed.deserialize(BorrowedStrDeserializer::new(text))
    }
}
