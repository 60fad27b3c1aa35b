/// What a breaker has to know again when a call ends: when it let the call through, and as what.
///
/// It is as small as can be, as each call carries one.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    epoch: u32,
    /// The number of the probe's place, or one of those below.
    place: u64,
    /// In nanoseconds since the breaker's origin; zero if the time of the call does not matter.
    started: u64,
}

/// As what a call was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its result counts nowhere.
    Pass,
    /// It counts in the window.
    Counted,
    /// It shows whether the other side is well, and has this place.
    Probe(u64),
}

/// Places are counted from one.
const COUNTED: u64 = 0;
const PASS: u64 = u64::MAX;

impl Ticket {
    pub(super) const PASS: Self = Self::new(0, PASS);

    pub(super) const fn counted(epoch: u32) -> Self {
        Self::new(epoch, COUNTED)
    }

    pub(super) const fn probe(epoch: u32, place: u64) -> Self {
        Self::new(epoch, place)
    }

    const fn new(epoch: u32, place: u64) -> Self {
        Self { epoch, place, started: 0 }
    }

    pub(super) fn start(&mut self, nanos: u64) {
        self.started = nanos.max(1);
    }

    /// Whether the call is counted, and not timed.
    #[inline]
    pub(super) fn only_counts(&self) -> bool {
        self.place == COUNTED && self.started == 0
    }

    #[inline]
    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    #[inline]
    pub(super) fn role(&self) -> Role {
        match self.place {
            COUNTED => Role::Counted,
            PASS => Role::Pass,
            place => Role::Probe(place),
        }
    }

    pub(super) fn is_probe(&self) -> bool {
        matches!(self.role(), Role::Probe(_))
    }

    /// The call was not slow, whatever comes.
    pub(super) fn stop(&mut self) {
        self.started = 0;
    }

    pub(super) fn started(&self) -> Option<u64> {
        (self.started > 0).then_some(self.started)
    }
}
