//! What is JSON already: the `RawValue` of `serde_json`, and its numbers if they keep their digits.

use std::fmt::{self, Display, Write as _};

use serde::{Serialize, Serializer};

use super::refuse::{refuse, refuse_compounds};
use super::{Output, Result, WriteError};

/// Whether a struct of this name is `serde_json`'s way to say that its one field, a string, is
/// JSON as it stands.
#[inline]
pub(super) fn is_token(name: &str) -> bool {
    matches!(name, "$serde_json::private::RawValue" | "$serde_json::private::Number")
}

/// Writes a string as it stands.
pub(super) struct Verbatim<'a, O> {
    pub(super) out: &'a mut O,
}

impl<O: Output> Serializer for Verbatim<'_, O> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_str(self, json: &str) -> Result {
        self.out.append(json.as_bytes());
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        write!(AsItStands(self.out), "{value}").map_err(|_| WriteError::display())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result {
        Err(WriteError::verbatim_is_no_string())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result {
        Err(WriteError::verbatim_is_no_string())
    }

    refuse! {
        WriteError::verbatim_is_no_string();
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }
    refuse_compounds!(WriteError::verbatim_is_no_string());
}

struct AsItStands<'a, O>(&'a mut O);

impl<O: Output> fmt::Write for AsItStands<'_, O> {
    fn write_str(&mut self, json: &str) -> fmt::Result {
        self.0.append(json.as_bytes());
        Ok(())
    }
}
