use std::time::Duration;

use crate::nonce::random;

const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Pauses that double up to a limit, each less up to its half by chance.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    most: Duration,
}

impl Pauses {
    pub(crate) fn up_to(most: Duration) -> Self {
        Self { next: FIRST_PAUSE.min(most), most }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.most);
        // Down to a thousandth, which is what timers count in.
        let per_mille = u32::try_from(random() % 500).unwrap_or_default();
        pause.saturating_sub(pause / 1000 * per_mille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit() {
        let most = Duration::from_millis(100);
        let mut pauses = Pauses::up_to(most);
        for doubled in [10, 20, 40, 80, 100, 100, 100] {
            let (pause, doubled) = (pauses.next(), Duration::from_millis(doubled));
            assert!(pause <= doubled && pause >= doubled / 2, "{pause:?}, {doubled:?}");
        }
        assert_eq!(Pauses::up_to(Duration::ZERO).next(), Duration::ZERO);
    }
}
