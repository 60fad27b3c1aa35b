use super::{Mode, State, Status};
use crate::sync::{AtomicU64, Ordering};

/// All that decides whether a call is let through, in one word: the mode, the state, the epoch, and
/// how often the window was made anew in this state.
///
/// It is read without a lock and written under the breaker's. Whoever reads it sees what was
/// written before it.
#[derive(Debug)]
pub(super) struct Word(AtomicU64);

/// The word at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View(u64);

const STATE: u64 = 0b11;
const OPEN: u64 = 0b01;
const MODE_SHIFT: u32 = 2;
const MODE: u64 = 0b111;
const RENEWALS_SHIFT: u32 = 8;
const RENEWALS: u64 = 0xff;
const EPOCH_SHIFT: u32 = 32;

impl Word {
    pub(super) fn new(mode: Mode) -> Self {
        Self(AtomicU64::new(View::new(0, 0, mode, State::Closed).0))
    }

    #[inline]
    pub(super) fn load(&self) -> View {
        View(self.0.load(Ordering::Acquire))
    }

    /// To be called under the breaker's lock.
    pub(super) fn store(&self, view: View) {
        self.0.store(view.0, Ordering::Release);
    }
}

impl View {
    fn new(epoch: u32, renewals: u64, mode: Mode, state: State) -> Self {
        let state = match state {
            State::Closed => 0,
            State::Open => OPEN,
            State::HalfOpen => 2,
        };
        let mode = match mode {
            Mode::Auto => 0,
            Mode::Shadow => 1,
            Mode::ForcedOpen => 2,
            Mode::ForcedClosed => 3,
            Mode::Disabled => 4,
        };
        let low = renewals << RENEWALS_SHIFT | mode << MODE_SHIFT | state;
        Self(u64::from(epoch) << EPOCH_SHIFT | low)
    }

    /// Closed and in the mode that most breakers are in at most times.
    #[inline]
    pub(super) fn is_closed_by_itself(self) -> bool {
        self.0 & (STATE | MODE << MODE_SHIFT) == 0
    }

    /// Open, in that mode.
    #[inline]
    pub(super) fn is_open_by_itself(self) -> bool {
        self.0 & (STATE | MODE << MODE_SHIFT) == OPEN
    }

    #[inline]
    pub(super) fn state(self) -> State {
        match self.0 & STATE {
            0 => State::Closed,
            OPEN => State::Open,
            _ => State::HalfOpen,
        }
    }

    #[inline]
    pub(super) fn mode(self) -> Mode {
        match self.0 >> MODE_SHIFT & MODE {
            0 => Mode::Auto,
            1 => Mode::Shadow,
            2 => Mode::ForcedOpen,
            3 => Mode::ForcedClosed,
            _ => Mode::Disabled,
        }
    }

    #[inline]
    pub(super) fn epoch(self) -> u32 {
        (self.0 >> EPOCH_SHIFT) as u32
    }

    /// Whether a call that was let through in that epoch still counts: it was in this state, if
    /// maybe before the window was made anew.
    #[inline]
    pub(super) fn includes(self, epoch: u32) -> bool {
        let age = self.epoch().wrapping_sub(epoch);
        u64::from(age) <= self.renewals()
    }

    /// The next epoch, in this state and mode.
    pub(super) fn moved_to(self, mode: Mode, state: State) -> Self {
        Self::new(self.epoch().wrapping_add(1), 0, mode, state)
    }

    /// The same epoch, in another mode.
    pub(super) fn with_mode(self, mode: Mode) -> Self {
        Self::new(self.epoch(), self.renewals(), mode, self.state())
    }

    /// The same state under a new epoch, as the window is another. After 255 times the calls of
    /// the earliest are forgotten.
    pub(super) fn renewed(self) -> Self {
        let renewals = (self.renewals() + 1).min(RENEWALS);
        Self::new(self.epoch().wrapping_add(1), renewals, self.mode(), self.state())
    }

    pub(super) fn status(self) -> Status {
        Status { state: self.state(), mode: self.mode(), epoch: self.epoch() }
    }

    fn renewals(self) -> u64 {
        self.0 >> RENEWALS_SHIFT & RENEWALS
    }
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 3] = [State::Closed, State::Open, State::HalfOpen];
    const MODES: [Mode; 5] =
        [Mode::Auto, Mode::Shadow, Mode::ForcedOpen, Mode::ForcedClosed, Mode::Disabled];

    #[test]
    fn each_part_is_read_as_it_was_written() {
        for state in STATES {
            for mode in MODES {
                for epoch in [0, 1, u32::MAX - 1] {
                    for renewals in [0, 1, 255] {
                        let view = View::new(epoch, renewals, mode, state);
                        assert_eq!(view.status(), Status { state, mode, epoch });
                        assert_eq!(view.renewals(), renewals);
                    }
                }
            }
        }
    }

    #[test]
    fn a_renewal_keeps_the_calls_on_their_way_and_a_change_does_not() {
        let first = View::new(u32::MAX, 0, Mode::Auto, State::Closed);
        let renewed = first.renewed().renewed();
        assert_eq!((renewed.epoch(), renewed.state()), (1, State::Closed));
        for (epoch, included) in
            [(u32::MAX - 1, false), (u32::MAX, true), (0, true), (1, true), (2, false)]
        {
            assert_eq!(renewed.includes(epoch), included, "{epoch}");
        }
        let moved = renewed.moved_to(Mode::Auto, State::Open);
        assert!(moved.includes(2) && !moved.includes(1));
        let mut old = first;
        for _ in 0..300 {
            old = old.renewed();
        }
        assert!(!old.includes(u32::MAX) && old.includes(old.epoch() - 255));
    }
}
