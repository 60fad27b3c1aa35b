//! Strings: quotes, backslashes and control characters are escaped, all else is as it stands.

use super::Output;

/// Appends the string, in quotes and escaped.
#[inline]
pub(super) fn append_string<O: Output>(out: &mut O, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    append_contents(out, text);
    out.push(b'"');
}

/// Appends what is between the quotes.
#[inline]
pub(super) fn append_contents<O: Output>(out: &mut O, text: &str) {
    if is_clean(text.as_bytes()) {
        out.append(text.as_bytes());
    } else {
        append_escaped(out, text.as_bytes());
    }
}

/// Whether nothing in it is escaped.
///
/// It does not stop at the first that is, so that the compiler can do it with whole vectors, and
/// at compile time if it knows the text, as it mostly does the name of a field.
#[inline]
pub(super) fn is_clean(text: &[u8]) -> bool {
    let found = if let Some(last) = text.last_chunk() {
        let (words, _) = text.as_chunks();
        words.iter().fold(escaped_in(*last), |found, word| found | escaped_in(*word))
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        escaped_in((first | last << 32).to_le_bytes())
    } else {
        return !text.iter().copied().any(is_escaped);
    };
    found == 0
}

/// The same, if something is. Words that are clean go as they are, and the others byte by byte:
/// where one byte is escaped more are near, as in JSON within JSON.
#[inline(never)]
fn append_escaped<O: Output>(out: &mut O, text: &[u8]) {
    out.reserve(text.len());
    let (words, rest) = text.as_chunks();
    for word in words {
        if escaped_in(*word) == 0 {
            out.append(word);
        } else {
            append_bytes(out, word);
        }
    }
    append_bytes(out, rest);
}

#[inline]
fn append_bytes<O: Output>(out: &mut O, bytes: &[u8]) {
    for byte in bytes {
        if is_escaped(*byte) {
            append_escape(out, *byte);
        } else {
            out.push(*byte);
        }
    }
}

const fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Not zero if any of eight bytes is escaped.
#[inline]
const fn escaped_in(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    // A byte borrows from its highest bit if it is less than what is subtracted. This makes of
    // the quote, 0x22, the 0x20 that comes after the control characters, and leaves those where
    // they are.
    let quote_or_control = (word ^ each(0x02)).wrapping_sub(each(0x21));
    let backslash = (word ^ each(b'\\')).wrapping_sub(each(0x01));
    // Beyond ASCII, where the highest bit was set before, nothing is escaped. A byte that borrows
    // can mark the next one, but only if it is marked itself.
    (quote_or_control | backslash) & !word & each(0x80)
}

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

fn append_escape<O: Output>(out: &mut O, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\x08' => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        b'\x0c' => b'f',
        b'\r' => b'r',
        _ => return out.append(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]),
    };
    out.append(&[b'\\', short]);
}

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}
