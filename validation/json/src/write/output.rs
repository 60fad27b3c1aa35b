/// Memory that JSON is appended to.
pub(crate) trait Output {
    /// Makes room for so many bytes, so that what is appended next need not.
    fn reserve(&mut self, more: usize);

    fn append(&mut self, bytes: &[u8]);

    #[inline]
    fn push(&mut self, byte: u8) {
        self.append(&[byte]);
    }
}

impl Output for Vec<u8> {
    #[inline]
    fn reserve(&mut self, more: usize) {
        Self::reserve(self, more);
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
