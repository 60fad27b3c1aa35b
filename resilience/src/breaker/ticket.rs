use std::time::Instant;

/// What a breaker has to know again when a call ends: when it let the call through, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    epoch: u32,
    role: Role,
    started: Option<Instant>,
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

impl Ticket {
    pub(super) const PASS: Self = Self::new(0, Role::Pass);

    pub(super) const fn new(epoch: u32, role: Role) -> Self {
        Self { epoch, role, started: None }
    }

    pub(super) fn start(&mut self, now: Instant) {
        self.started = Some(now);
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn started(&self) -> Option<Instant> {
        self.started
    }
}
