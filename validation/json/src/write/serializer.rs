use std::fmt::{self, Display, Write as _};

use serde::{Serialize, Serializer};

use super::compound::{Fields, Items, Members, Variant};
use super::escape::{append_contents, append_string};
use super::number::{append_bool, append_float, append_integer};
use super::{Output, Result, WriteError, verbatim};

/// Writes one value.
pub(super) struct Writer<'a, O> {
    pub(super) out: &'a mut O,
}

impl<O: Output> Writer<'_, O> {
    #[inline]
    fn null(self) {
        self.out.append(b"null");
    }

    /// What an enum's value begins with if it has data.
    #[inline]
    fn open_variant(&mut self, name: &str) {
        self.out.push(b'{');
        append_string(self.out, name);
        self.out.push(b':');
    }
}

/// Numbers, which differ in their types only.
macro_rules! serialize_integers {
    ($($method:ident: $integer:ty),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $integer) -> Result {
            append_integer(self.out, value);
            Ok(())
        }
    )*};
}

impl<'a, O: Output> Serializer for Writer<'a, O> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Items<'a, O>;
    type SerializeTuple = Items<'a, O>;
    type SerializeTupleStruct = Items<'a, O>;
    type SerializeTupleVariant = Variant<Items<'a, O>>;
    type SerializeMap = Members<'a, O>;
    type SerializeStruct = Fields<'a, O>;
    type SerializeStructVariant = Variant<Members<'a, O>>;

    serialize_integers! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result {
        if value.is_finite() {
            append_float(self.out, value);
        } else {
            self.null();
        }
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result {
        if value.is_finite() {
            append_float(self.out, value);
        } else {
            self.null();
        }
        Ok(())
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result {
        append_bool(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result {
        append_string(self.out, value);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        self.out.push(b'"');
        write!(Escaped(self.out), "{value}").map_err(|_| WriteError::display())?;
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.collect_seq(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result {
        self.null();
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a, O>> {
        Ok(Items::new(self.out))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Items<'a, O>> {
        Ok(Items::new(self.out))
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a, O>> {
        Ok(Items::new(self.out))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a, O>> {
        Ok(Members::new(self.out))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a, O>> {
        Ok(if verbatim::is_token(name) {
            Fields::Verbatim(self.out)
        } else {
            Fields::Members(Members::new(self.out))
        })
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        self.open_variant(variant);
        value.serialize(Writer { out: self.out })?;
        self.out.push(b'}');
        Ok(())
    }

    #[inline]
    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Items<'a, O>>> {
        self.open_variant(variant);
        Ok(Variant(Items::new(self.out)))
    }

    #[inline]
    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant<Members<'a, O>>> {
        self.open_variant(variant);
        Ok(Variant(Members::new(self.out)))
    }
}

/// What is formatted, escaped on its way.
struct Escaped<'a, O>(&'a mut O);

impl<O: Output> fmt::Write for Escaped<'_, O> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        append_contents(self.0, text);
        Ok(())
    }
}
