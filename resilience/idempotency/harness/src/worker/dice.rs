use std::time::Duration;

use fastrand::Rng;

/// What a worker does by chance.
#[derive(Debug)]
pub(super) struct Dice(Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// True so many times in a hundred.
    pub(super) fn in_hundred(&mut self, times: u8) -> bool {
        self.0.u8(..100) < times
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end.max(1))
    }

    /// Milliseconds from `least` up to `most`.
    pub(super) fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.0.u64(least..=most))
    }

    /// Bytes that are no text, up to a few hundred of them, in hexadecimal.
    pub(super) fn bytes(&mut self) -> String {
        let length = self.0.usize(1..40);
        let bytes: Vec<u8> = std::iter::repeat_with(|| self.0.u8(..)).take(length).collect();
        crate::hex::encode(&bytes)
    }
}
