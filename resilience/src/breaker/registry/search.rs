use std::time::{Duration, Instant};

/// So many entries are looked at when room is needed, or a few more.
pub(super) const SAMPLE: usize = 32;
/// For so long it is remembered that nothing could go.
const PAUSE: Duration = Duration::from_millis(10);

/// Where to look next for a breaker that can go, and whether.
///
/// Calls for keys without room would look at all the others, each again, under a lock. So each
/// looks at a few, and at the next few the next time; and once all were looked at in vain, some are
/// looked at again only after a pause.
#[derive(Debug, Default)]
pub(super) struct Search {
    part: usize,
    /// How many entries were looked at in a row of which none could go.
    in_vain: usize,
    not_before: Option<Instant>,
}

impl Search {
    pub(super) fn is_worth_it(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|time| now >= time)
    }

    /// With which part to begin.
    pub(super) fn from(&self) -> usize {
        self.part
    }

    pub(super) fn found_one(&mut self) {
        self.in_vain = 0;
        self.not_before = None;
    }

    /// So many entries of all were looked at in vain.
    pub(super) fn found_none(&mut self, entries: usize, all: usize, now: Instant) {
        self.in_vain = self.in_vain.saturating_add(entries);
        if self.in_vain >= all {
            self.not_before = now.checked_add(PAUSE);
        }
    }

    /// So many parts of all were looked at.
    pub(super) fn go_on(&mut self, parts: usize, all: usize) {
        self.part = (self.part + parts) % all;
    }
}
