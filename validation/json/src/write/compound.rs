//! Arrays and objects.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::escape::{append_string, is_clean};
use super::key::Key;
use super::serializer::Writer;
use super::verbatim::{Verbatim, is_token};
use super::{Output, Result, WriteError};

/// An array.
pub(super) struct Items<'a, O> {
    out: &'a mut O,
    /// What comes before the next item: the bracket, then commas.
    before: u8,
}

impl<'a, O: Output> Items<'a, O> {
    #[inline]
    pub(super) fn new(out: &'a mut O) -> Self {
        Self { out, before: b'[' }
    }

    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.out.push(self.before);
        self.before = b',';
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn close(self) -> &'a mut O {
        if self.before == b'[' {
            self.out.append(b"[]");
        } else {
            self.out.push(b']');
        }
        self.out
    }
}

/// An object.
pub(super) struct Members<'a, O> {
    out: &'a mut O,
    /// What comes before the next member: the brace, then commas.
    before: u8,
}

impl<'a, O: Output> Members<'a, O> {
    #[inline]
    pub(super) fn new(out: &'a mut O) -> Self {
        Self { out, before: b'{' }
    }

    /// A member whose name is mostly known when this is compiled, so that only the copy is left.
    #[expect(clippy::inline_always, reason = "the name is known only where this is inlined")]
    #[inline(always)]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
        if is_clean(name.as_bytes()) {
            self.out.reserve(name.len() + 4);
            self.out.append(&[self.before, b'"']);
            self.out.append(name.as_bytes());
            self.out.append(b"\":");
        } else {
            self.out.push(self.before);
            append_string(self.out, name);
            self.out.push(b':');
        }
        self.before = b',';
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn close(self) -> &'a mut O {
        if self.before == b'{' {
            self.out.append(b"{}");
        } else {
            self.out.push(b'}');
        }
        self.out
    }
}

/// What a struct is written as.
pub(super) enum Fields<'a, O> {
    Members(Members<'a, O>),
    /// The one field is JSON already.
    Verbatim(&'a mut O),
}

/// What an enum's value has for data, in the object that says which one it is.
pub(super) struct Variant<T>(pub(super) T);

// Arrays.

impl<O: Output> SerializeSeq for Items<'_, O> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.item(value)
    }

    #[inline]
    fn end(self) -> Result {
        self.close();
        Ok(())
    }
}

impl<O: Output> SerializeTuple for Items<'_, O> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.item(value)
    }

    #[inline]
    fn end(self) -> Result {
        self.close();
        Ok(())
    }
}

impl<O: Output> SerializeTupleStruct for Items<'_, O> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.item(value)
    }

    #[inline]
    fn end(self) -> Result {
        self.close();
        Ok(())
    }
}

impl<O: Output> SerializeTupleVariant for Variant<Items<'_, O>> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.0.item(value)
    }

    #[inline]
    fn end(self) -> Result {
        self.0.close().push(b'}');
        Ok(())
    }
}

// Objects.

impl<O: Output> SerializeMap for Members<'_, O> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.out.push(self.before);
        self.before = b',';
        key.serialize(Key { out: self.out })
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.out.push(b':');
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn end(self) -> Result {
        self.close();
        Ok(())
    }
}

impl<O: Output> SerializeStruct for Fields<'_, O> {
    type Ok = ();
    type Error = WriteError;

    #[expect(clippy::inline_always, reason = "the name is known only where this is inlined")]
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
        match self {
            Self::Members(members) => members.field(name, value),
            Self::Verbatim(_) if !is_token(name) => Err(WriteError::verbatim_is_no_string()),
            Self::Verbatim(out) => value.serialize(Verbatim { out: *out }),
        }
    }

    #[inline]
    fn end(self) -> Result {
        if let Self::Members(members) = self {
            members.close();
        }
        Ok(())
    }
}

impl<O: Output> SerializeStructVariant for Variant<Members<'_, O>> {
    type Ok = ();
    type Error = WriteError;

    #[expect(clippy::inline_always, reason = "the name is known only where this is inlined")]
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
        self.0.field(name, value)
    }

    #[inline]
    fn end(self) -> Result {
        self.0.close().push(b'}');
        Ok(())
    }
}
