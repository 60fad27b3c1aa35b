//! The inside of a JSON string, written straight into a buffer.

use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};

use crate::scan::Special;

/// What a JSON string must not hold as it is (RFC 8259, section 7).
type Escaped = Special<b'"', b'\\', false>;

/// What a URI fragment must not hold as it is (RFC 3986, section 3.5).
const FRAGMENT: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A JSON Pointer as a URI fragment, without the `#` (RFC 6901, section 6).
pub(crate) fn fragment(pointer: &str) -> PercentEncode<'_> {
    utf8_percent_encode(pointer, &FRAGMENT)
}

/// An open JSON string at the end of a buffer: what is written to it is escaped on the way.
pub(super) struct JsonString<'a>(pub(super) &'a mut Vec<u8>);

impl JsonString<'_> {
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let (plain, tail) = rest.split_at(Escaped::plain_len(rest));
            self.0.extend_from_slice(plain);
            let Some((byte, tail)) = tail.split_first() else {
                return;
            };
            escape(self.0, *byte);
            rest = tail;
        }
    }

    /// A `Display` that fails half-way has written what it has written: a public message must
    /// not take the whole answer down.
    pub(super) fn display(&mut self, value: &dyn fmt::Display) {
        let _ = write!(self, "{value}");
    }
}

impl Write for JsonString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short: &[u8; 2] = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        _ => {
            let hex = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 0xf)]);
            return;
        }
    };
    out.extend_from_slice(short);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(text: &str) -> Vec<u8> {
        let mut out = vec![b'"'];
        JsonString(&mut out).text(text);
        out.push(b'"');
        out
    }

    proptest! {
        /// Whatever is written, a JSON parser reads it back.
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_slice::<String>(&quoted(&text)).unwrap(), text);
        }
    }

    #[test]
    fn every_ascii_character_comes_back() {
        let text: String = (0..=127_u8).map(char::from).collect();
        assert_eq!(serde_json::from_slice::<String>(&quoted(&text)).unwrap(), text);
    }
}
