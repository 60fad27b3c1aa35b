use std::fmt::{self, Write};
use std::ops::Deref;

/// Bytes that are appended to: on the stack, unless there are unusually many.
///
/// `smallvec` does the same and takes three times the instructions for pieces of a few bytes,
/// which is all that there is to append here.
pub(super) struct Buffer<const INLINE: usize = STATUS> {
    len: usize,
    /// All of it, as long as `len` is at most `INLINE`.
    inline: [u8; INLINE],
    /// All of it, once `len` is more.
    spilled: Vec<u8>,
}

/// Enough for a status with a few details.
const STATUS: usize = 512;

impl<const INLINE: usize> Buffer<INLINE> {
    pub(super) const fn new() -> Self {
        Self { len: 0, inline: [0; INLINE], spilled: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.inline.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
        } else {
            self.spill(bytes);
        }
        self.len = end;
    }

    /// Cuts off what is after `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.len && self.len > INLINE {
            self.spilled.truncate(len);
            if let Some(place) = self.inline.get_mut(..len) {
                place.copy_from_slice(&self.spilled);
            }
        }
        self.len = self.len.min(len);
    }

    /// Puts bytes before those at `at`.
    pub(super) fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.extend(bytes);
        if let Some(tail) = self.as_mut_slice().get_mut(at..) {
            tail.rotate_right(bytes.len());
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self.inline.get_mut(..self.len) {
            Some(inline) => inline,
            None => &mut self.spilled,
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if let Some(inline) = self.inline.get(..self.len) {
            self.spilled.clear();
            self.spilled.extend_from_slice(inline);
        }
        self.spilled.extend_from_slice(bytes);
    }
}

impl<const INLINE: usize> Deref for Buffer<INLINE> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.inline.get(..self.len).unwrap_or(&self.spilled)
    }
}

impl<const INLINE: usize> Write for Buffer<INLINE> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Extend(Vec<u8>),
        Insert(usize, Vec<u8>),
        Truncate(usize),
        Clear,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
        let step = prop_oneof![
            8 => bytes().prop_map(Step::Extend),
            4 => (0_usize..1000, bytes()).prop_map(|(at, bytes)| Step::Insert(at, bytes)),
            2 => (0_usize..1500).prop_map(Step::Truncate),
            1 => Just(Step::Clear),
        ];
        proptest::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn is_a_vec(steps in steps()) {
            let (mut buffer, mut model) = (Buffer::<512>::new(), Vec::new());
            for step in steps {
                match step {
                    Step::Extend(bytes) => {
                        buffer.extend(&bytes);
                        model.extend(bytes);
                    }
                    Step::Insert(at, bytes) => {
                        let at = at.min(model.len());
                        buffer.insert(at, &bytes);
                        model.splice(at..at, bytes);
                    }
                    Step::Truncate(len) => {
                        buffer.truncate(len);
                        model.truncate(len);
                    }
                    Step::Clear => {
                        buffer.clear();
                        model.clear();
                    }
                }
                prop_assert_eq!(&*buffer, &*model);
            }
        }
    }
}
