use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Visitor};

use super::access::Within;
use super::context::{Context, Step};
use super::visitor;
use crate::ErrorKind;

/// An enum: a name, or an object with one member.
pub(super) struct Variants<'c, 'l, 'de, A> {
    pub(super) inner: A,
    pub(super) context: &'c Context<'l, 'de>,
    /// How many containers are around the enum.
    pub(super) depth: u8,
}

impl<'c, 'l, 'de, A: de::EnumAccess<'de>> de::EnumAccess<'de> for Variants<'c, 'l, 'de, A> {
    type Error = A::Error;
    type Variant = Variant<'c, 'l, 'de, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let Self { inner, context, depth } = self;
        let seed = Within { seed, context, depth, refused: None, reached: &mut false };
        let (value, inner) = inner.variant_seed(seed)?;
        Ok((value, Variant { inner, context, depth }))
    }
}

/// What is in a variant.
pub(super) struct Variant<'c, 'l, 'de, A> {
    inner: A,
    context: &'c Context<'l, 'de>,
    depth: u8,
}

impl<A> Variant<'_, '_, '_, A> {
    /// Why there must not be an object around what is in the variant: it is one container more,
    /// and has one member.
    fn refused(&self) -> Option<ErrorKind> {
        let limits = self.context.limits;
        if self.depth >= limits.deepest() {
            return Some(ErrorKind::TooDeep);
        }
        (limits.most_members() == 0).then_some(ErrorKind::TooManyMembers)
    }

    fn deeper<E: de::Error>(&self) -> Result<u8, E> {
        match self.refused() {
            Some(kind) => Err(self.context.refuse(kind)),
            None => Ok(self.depth + 1),
        }
    }

    fn came_through<T, E>(
        context: &Context<'_, '_>,
        depth: u8,
        read: Result<T, E>,
    ) -> Result<T, E> {
        if read.is_err() {
            context.came_through(depth, Step::Member);
        }
        read
    }
}

impl<'de, A: de::VariantAccess<'de>> de::VariantAccess<'de> for Variant<'_, '_, 'de, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        let refused = self.refused();
        let Self { inner, context, depth } = self;
        if refused.is_none() {
            return Self::came_through(context, depth + 1, inner.unit_variant());
        }
        // It is an object if there is something in it to read, and else a name.
        let seed = Within { seed: PhantomData::<()>, context, depth, refused, reached: &mut false };
        let read = inner.newtype_variant_seed(seed);
        if context.refusal().is_some() { read } else { Ok(()) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let depth = self.deeper()?;
        let Self { inner, context, .. } = self;
        let seed = Within { seed, context, depth, refused: None, reached: &mut false };
        Self::came_through(context, depth, inner.newtype_variant_seed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let depth = self.deeper()?;
        let Self { inner, context, .. } = self;
        let visitor = visitor::of_fields(visitor, context, depth);
        Self::came_through(context, depth, inner.tuple_variant(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let depth = self.deeper()?;
        let Self { inner, context, .. } = self;
        let visitor = visitor::of_fields(visitor, context, depth);
        Self::came_through(context, depth, inner.struct_variant(fields, visitor))
    }
}
