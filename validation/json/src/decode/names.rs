use std::borrow::Cow;
use std::collections::HashSet;

use super::context::Context;
use super::raw;
use crate::ErrorKind;

/// Up to here the names of an object are compared one by one, which is faster than to hash them.
const FEW: usize = 16;

/// The name of a member, its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name<'de> {
    Text(Cow<'de, [u8]>),
    /// A name that is read as a number; of each number there is one spelling that is read so.
    Integer([u8; 16]),
    Float(u64),
    Bool(bool),
}

impl Name<'_> {
    /// Both zeros are one.
    pub(super) fn float(value: f64) -> Self {
        Self::Float((value + 0.0).to_bits())
    }
}

/// What has to be remembered of an object's names for no name to come twice.
pub(super) trait Names<'c, 'l, 'de>: Sized {
    fn new(context: &'c Context<'l, 'de>) -> Self;

    /// A name is read that is in the input as it is.
    fn borrowed<E: serde::de::Error>(&mut self, name: &'de [u8]) -> Result<(), E>;

    /// Another name is read: one with escapes, a number.
    fn other<E: serde::de::Error>(&mut self, name: impl FnOnce() -> Name<'de>) -> Result<(), E>;

    /// The member of the name that was read last was ignored.
    fn ignored<E: serde::de::Error>(&mut self) -> Result<(), E>;
}

/// Of a map: every name.
///
/// One name is refused: that by which `serde_json` knows a raw value. Its `Value` would read the
/// member's string as JSON, wherever it came from, and we should not see what is in there.
pub(super) struct Every<'c, 'l, 'de> {
    context: &'c Context<'l, 'de>,
    /// Where the names of this object begin among those of the context.
    base: usize,
    many: Option<HashSet<Name<'de>>>,
}

impl<'c, 'l, 'de> Names<'c, 'l, 'de> for Every<'c, 'l, 'de> {
    #[inline]
    fn new(context: &'c Context<'l, 'de>) -> Self {
        Self { context, base: context.names.borrow().len(), many: None }
    }

    #[inline]
    fn borrowed<E: serde::de::Error>(&mut self, name: &'de [u8]) -> Result<(), E> {
        self.remember(Name::Text(Cow::Borrowed(name)))
    }

    #[inline]
    fn other<E: serde::de::Error>(&mut self, name: impl FnOnce() -> Name<'de>) -> Result<(), E> {
        self.remember(name())
    }

    #[inline]
    fn ignored<E: serde::de::Error>(&mut self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> Every<'_, '_, 'de> {
    fn remember<E: serde::de::Error>(&mut self, name: Name<'de>) -> Result<(), E> {
        if matches!(&name, Name::Text(text) if text[..] == *raw::TOKEN.as_bytes()) {
            return Err(self.context.refuse(ErrorKind::Data));
        }
        let new = match &mut self.many {
            Some(many) => many.insert(name),
            None => self.compare(name),
        };
        if new { Ok(()) } else { Err(self.context.refuse(ErrorKind::DuplicateKey)) }
    }

    fn compare(&mut self, name: Name<'de>) -> bool {
        let mut names = self.context.names.borrow_mut();
        let own = names.get(self.base..).unwrap_or_default();
        if own.contains(&name) {
            return false;
        }
        let many = own.len() >= FEW;
        names.push(name);
        if many {
            // Hashed with keys of this process: names that collide cannot be made up in advance.
            self.many = Some(names.drain(self.base..).collect());
        }
        true
    }
}

impl Drop for Every<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.context.names.borrow_mut().truncate(self.base);
    }
}

/// Of a struct: the names that it ignores, as it refuses to see one of its fields twice itself.
pub(super) struct Ignored<'c, 'l, 'de> {
    context: &'c Context<'l, 'de>,
    last: Last<'de>,
    every: Option<Box<Every<'c, 'l, 'de>>>,
}

/// The name that was read last, as cheap to keep as can be.
#[derive(Clone, Copy)]
enum Last<'de> {
    Borrowed(&'de [u8]),
    /// In the context.
    Other,
}

impl<'c, 'l, 'de> Names<'c, 'l, 'de> for Ignored<'c, 'l, 'de> {
    #[inline]
    fn new(context: &'c Context<'l, 'de>) -> Self {
        Self { context, last: Last::Other, every: None }
    }

    #[inline]
    fn borrowed<E: serde::de::Error>(&mut self, name: &'de [u8]) -> Result<(), E> {
        self.last = Last::Borrowed(name);
        Ok(())
    }

    #[cold]
    fn other<E: serde::de::Error>(&mut self, name: impl FnOnce() -> Name<'de>) -> Result<(), E> {
        self.context.last.replace(Some(name()));
        self.last = Last::Other;
        Ok(())
    }

    #[cold]
    fn ignored<E: serde::de::Error>(&mut self) -> Result<(), E> {
        let name = match self.last {
            Last::Borrowed(name) => Name::Text(Cow::Borrowed(name)),
            Last::Other => match self.context.last.take() {
                Some(name) => name,
                None => return Ok(()),
            },
        };
        self.every.get_or_insert_with(|| Box::new(Every::new(self.context))).remember(name)
    }
}
