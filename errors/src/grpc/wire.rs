//! The protobuf wire format (Protocol Buffers, "Encoding"), as far as `google.rpc.Status` needs
//! it.
//!
//! By hand, because messages of a code generator own their strings: a fault would be copied
//! field by field before it is encoded. Tests compare with `prost`'s encoding and decoding.

use std::fmt::{self, Write};

use super::buffer::Buffer;

const LENGTH_DELIMITED: u8 = 2;

fn varint(out: &mut Buffer, value: u64) {
    let (groups, digits) = varint_of(value);
    out.extend(groups.get(..digits).unwrap_or_default());
}

/// An integer field. Zero is what an absent field means, so it is left out.
pub(super) fn number(out: &mut Buffer, field: u8, value: u64) {
    if value != 0 {
        present_number(out, field, value);
    }
}

/// An integer field that is there when it is zero: an `optional` one.
pub(super) fn present_number(out: &mut Buffer, field: u8, value: u64) {
    match u8::try_from(value) {
        Ok(short) if short < 0x80 => out.extend(&[field << 3, short]),
        _ => {
            out.push(field << 3);
            varint(out, value);
        }
    }
}

/// A string field, left out when empty.
#[inline]
pub(super) fn text(out: &mut Buffer, field: u8, text: &str) {
    bytes(out, field, text.as_bytes());
}

/// A bytes field, left out when empty.
#[inline]
pub(super) fn bytes(out: &mut Buffer, field: u8, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let key = field << 3 | LENGTH_DELIMITED;
    match u8::try_from(bytes.len()) {
        Ok(short) if short < 0x80 => out.extend(&[key, short]),
        _ => {
            out.push(key);
            varint(out, bytes.len() as u64);
        }
    }
    out.extend(bytes);
}

/// A string field with what `value` displays.
pub(super) fn display(out: &mut Buffer, field: u8, value: &dyn fmt::Display) {
    message(out, field, |out| {
        // A `Display` that fails half-way has written what it has written.
        let _ = write!(out, "{value}");
    });
}

/// A field whose content, and so whose length, `write` makes.
pub(super) fn message(out: &mut Buffer, field: u8, write: impl FnOnce(&mut Buffer)) {
    out.extend(&[field << 3 | LENGTH_DELIMITED, 0]);
    let start = out.len();
    write(out);
    let len = out.len() - start;
    let (length, digits) = varint_of(len as u64);
    if let Some(place) = out.as_mut_slice().get_mut(start - 1) {
        *place = length.first().copied().unwrap_or_default();
    }
    // Room was kept for one byte, as most messages are short.
    if let Some(more) = length.get(1..digits).filter(|more| !more.is_empty()) {
        out.insert(start, more);
    }
}

/// The number in groups of seven bits, and how many there are.
fn varint_of(mut value: u64) -> ([u8; 10], usize) {
    let mut groups = [0; 10];
    let mut digits = 0;
    for group in &mut groups {
        digits += 1;
        *group = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            break;
        }
        *group |= 0x80;
    }
    (groups, digits)
}

/// The value of a field that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// A message that breaks off, or has what proto3 has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads the fields of a message one after the other, and nothing after what is malformed.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Bytes(self.take(8)?),
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(len)?)
            }
            5 => Value::Bytes(self.take(4)?),
            // Groups, which proto3 does not have, and wire types that do not exist.
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Malformed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn varints_are_prosts(value in any::<u64>()) {
            let mut ours = Buffer::new();
            varint(&mut ours, value);
            let mut theirs = Vec::new();
            prost::encoding::encode_varint(value, &mut theirs);
            prop_assert_eq!(&ours[..], &theirs[..]);
            prop_assert_eq!(Fields(&ours).varint(), Some(value));
        }

        /// Lengths of one, two and three bytes.
        #[test]
        fn a_message_has_the_length_of_its_content(len in 0_usize..40_000) {
            let content = vec![7; len];
            let mut out = Buffer::new();
            message(&mut out, 3, |out| out.extend(&content));
            let fields: Vec<_> = Fields::of(&out).collect();
            prop_assert_eq!(fields, vec![Ok((3, Value::Bytes(&content[..])))]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Fields::of(&bytes).count() <= bytes.len());
        }
    }
}
