//! When a thread looks at the clock.

use std::time::Instant;

use mainstay_core::Clock;

use super::shelf::{IDLE, Sweep};

/// Small uses from one look at the clock to the next.
const USES: u32 = 16;
/// From this many bytes on a look at the clock, 20 ns, is nothing beside the use itself.
const LARGE: usize = 16 << 10;

/// Decides when to sweep, without asking the time at each use: that would cost as much as all
/// else that the pool does for a small answer.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    looked: Option<Instant>,
    swept: Option<Instant>,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { left: 0, looked: None, swept: None }
    }

    /// Counts a use of so many bytes. If it is due, says when it is and what to give up.
    #[inline]
    pub(super) fn step(
        &mut self,
        len: usize,
        clock: &impl Clock,
    ) -> Option<(Instant, Option<Sweep>)> {
        if self.left > 0 && len < LARGE {
            self.left -= 1;
            return None;
        }
        let now = clock.now();
        Some((now, self.look(now)))
    }

    fn look(&mut self, now: Instant) -> Option<Sweep> {
        self.left = USES - 1;
        let since = |then: Instant| now.saturating_duration_since(then);
        let idle = self.looked.replace(now).map(since).is_some_and(|it| it >= IDLE);
        let due = since(*self.swept.get_or_insert(now)) >= IDLE;
        if due {
            self.swept = Some(now);
        }
        match (idle, due) {
            (true, _) => Some(Sweep::All),
            (false, true) => Some(Sweep::Unused),
            (false, false) => None,
        }
    }
}
