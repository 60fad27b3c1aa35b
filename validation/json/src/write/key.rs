use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::number::{append_bool, append_float, append_integer};
use super::refuse::{refuse, refuse_compounds};
use super::serializer::Writer;
use super::{Output, Result, WriteError};

/// Writes the name of a member: a string, or what can be one without doubt.
pub(super) struct Key<'a, O> {
    pub(super) out: &'a mut O,
}

impl<O: Output> Key<'_, O> {
    /// What has no quotes of its own.
    #[inline]
    fn quoted(self, append: impl FnOnce(&mut O)) {
        self.out.push(b'"');
        append(self.out);
        self.out.push(b'"');
    }
}

/// Integers, which differ in their types only.
macro_rules! serialize_integers {
    ($($method:ident: $integer:ty),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $integer) -> Result {
            self.quoted(|out| append_integer(out, value));
            Ok(())
        }
    )*};
}

impl<O: Output> Serializer for Key<'_, O> {
    type Ok = ();
    type Error = WriteError;

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

    fn serialize_f32(self, value: f32) -> Result {
        if !value.is_finite() {
            return Err(WriteError::key_is_not_finite());
        }
        self.quoted(|out| append_float(out, value));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result {
        if !value.is_finite() {
            return Err(WriteError::key_is_not_finite());
        }
        self.quoted(|out| append_float(out, value));
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result {
        self.quoted(|out| append_bool(out, value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result {
        Writer { out: self.out }.serialize_char(value)
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result {
        Writer { out: self.out }.serialize_str(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        Writer { out: self.out }.collect_str(value)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    refuse! {
        WriteError::key_is_no_string();
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }
    refuse_compounds!(WriteError::key_is_no_string());
}
