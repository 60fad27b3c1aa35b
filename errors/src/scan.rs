//! How far a text can be taken over as it is: eight bytes at a time are looked at.

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// The bytes that a text must not hold unescaped: control characters, the marks `A` and `B`, and,
/// if so wanted, what is not ASCII. Constants, so that the compiler folds them into the loop.
pub(crate) struct Special<const A: u8, const B: u8, const NON_ASCII: bool>;

impl<const A: u8, const B: u8, const NON_ASCII: bool> Special<A, B, NON_ASCII> {
    /// How many bytes at the start are not special.
    #[inline]
    pub(crate) fn plain_len(text: &[u8]) -> usize {
        let (words, _) = text.as_chunks::<8>();
        let plain = |word: &[u8; 8]| !Self::in_word(u64::from_le_bytes(*word));
        let at = 8 * words.iter().take_while(|word| plain(word)).count();
        // The last eight bytes overlap what was looked at, and so need no loop of their own.
        if at == 8 * words.len() && text.last_chunk().is_some_and(plain) {
            return text.len();
        }
        let rest = text.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| Self::is(*byte)).unwrap_or(rest.len())
    }

    const fn is(byte: u8) -> bool {
        byte < 0x20 || byte == A || byte == B || (NON_ASCII && byte >= 0x80)
    }

    /// Whether one of eight bytes is special. A subtraction borrows into a byte's high bit where
    /// the byte is the smaller; a borrow by its neighbour only has it looked at more closely.
    const fn in_word(word: u64) -> bool {
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let first = word ^ (ONES * A as u64);
        let second = word ^ (ONES * B as u64);
        let first = first.wrapping_sub(ONES) & !first;
        let second = second.wrapping_sub(ONES) & !second;
        let non_ascii = if NON_ASCII { word } else { 0 };
        (control | first | second | non_ascii) & HIGH != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Json = Special<b'"', b'\\', false>;
    type Message = Special<b'%', 0x7f, true>;

    proptest! {
        #[test]
        fn is_what_looking_at_each_byte_finds(
            text in proptest::collection::vec(any::<u8>(), 0..40),
            mostly_plain in "[ -~]{0,40}",
            at in 0_usize..40,
            byte in any::<u8>(),
        ) {
            let mut almost = mostly_plain.into_bytes();
            if let Some(place) = almost.get_mut(at) {
                *place = byte;
            }
            for text in [text, almost] {
                let slow = |is: fn(u8) -> bool| {
                    text.iter().position(|byte| is(*byte)).unwrap_or(text.len())
                };
                prop_assert_eq!(Json::plain_len(&text), slow(Json::is));
                prop_assert_eq!(Message::plain_len(&text), slow(Message::is));
            }
        }
    }
}
