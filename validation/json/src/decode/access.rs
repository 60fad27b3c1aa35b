use serde::de::{self, DeserializeSeed};

use super::context::{Context, Step};
use super::deserializer::Deserializer;
use super::key::Key;
use super::names::Names;
use crate::ErrorKind;

/// The elements of an array, counted.
pub(super) struct Elements<'c, 'l, 'de, A> {
    pub(super) inner: A,
    pub(super) context: &'c Context<'l, 'de>,
    /// How many containers are around an element, the array included.
    pub(super) depth: u8,
    pub(super) read: usize,
}

impl<'de, A: de::SeqAccess<'de>> de::SeqAccess<'de> for Elements<'_, '_, 'de, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let refused =
            (self.read >= self.context.limits.longest_array()).then_some(ErrorKind::ArrayTooLong);
        let mut reached = false;
        let seed = Within {
            seed,
            context: self.context,
            depth: self.depth,
            refused,
            reached: &mut reached,
        };
        let element = self.inner.next_element_seed(seed);
        if element.is_err() && reached {
            self.context.came_through(self.depth, Step::Element(self.read));
        }
        self.read += 1;
        element
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The members of an object, counted, and their names remembered.
pub(super) struct Members<'c, 'l, 'de, A, N> {
    pub(super) inner: A,
    pub(super) context: &'c Context<'l, 'de>,
    /// How many containers are around a member, the object included.
    pub(super) depth: u8,
    pub(super) read: usize,
    pub(super) names: N,
}

impl<'c, 'l, 'de, A, N> de::MapAccess<'de> for Members<'c, 'l, 'de, A, N>
where
    A: de::MapAccess<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let refused = self.read >= self.context.limits.most_members();
        let mut reached = false;
        let seed = Key {
            inner: seed,
            context: self.context,
            names: &mut self.names,
            refused,
            reached: &mut reached,
        };
        let key = self.inner.next_key_seed(seed);
        if key.is_err() && reached {
            self.context.came_through(self.depth, Step::Member);
        }
        self.read += 1;
        key
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let mut reached = false;
        let seed = Within {
            seed,
            context: self.context,
            depth: self.depth,
            refused: None,
            reached: &mut reached,
        };
        let value = self.inner.next_value_seed(seed);
        let value = match value {
            Ok(value) if self.context.ignored.get() == self.depth => {
                self.context.ignored.set(0);
                self.names.ignored().map(|()| value)
            }
            value => value,
        };
        if value.is_err() {
            self.context.came_through(self.depth, Step::Member);
        }
        value
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// Around the seed of a value within a container.
pub(super) struct Within<'c, 'r, 'l, 'de, S> {
    pub(super) seed: S,
    pub(super) context: &'c Context<'l, 'de>,
    pub(super) depth: u8,
    /// Why the value is not read, if it is there at all.
    pub(super) refused: Option<ErrorKind>,
    /// Whether it was read.
    pub(super) reached: &'r mut bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Within<'_, '_, '_, 'de, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: de::Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        if let Some(kind) = self.refused {
            return Err(self.context.refuse(kind));
        }
        *self.reached = true;
        self.seed.deserialize(Deserializer { inner, context: self.context, depth: self.depth })
    }
}
