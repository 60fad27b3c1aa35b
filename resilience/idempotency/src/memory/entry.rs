use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::asking;
use crate::{Claim, Claimed, Completion, Fence, Fingerprint, Held, Nonce, Renewal};

/// What there is under a key. The decisions are made here; whether it has expired is asked before.
#[derive(Debug)]
pub(super) struct Entry {
    nonce: Nonce,
    fence: Fence,
    fingerprint: Fingerprint,
    taken_over: bool,
    state: State,
    /// From then on it is as if it were not there.
    expires: Instant,
    /// When the queue of expiries looks at it next: at this time or before it expires.
    pub(super) queued: Instant,
}

#[derive(Debug)]
enum State {
    Held { lease_ends: Instant, keep: Duration },
    Completed(Bytes),
}

/// Whether a claim on an entry that is there is answered, or to be granted.
pub(super) enum Verdict {
    Answer(Claimed),
    TakeOver,
}

impl Entry {
    /// The claim is granted.
    pub(super) fn granted(claim: &Claim, fence: Fence, taken_over: bool, now: Instant) -> Self {
        let (state, expires) = held(claim.lease, claim.keep, now);
        Self {
            nonce: claim.nonce,
            fence,
            fingerprint: claim.fingerprint,
            taken_over,
            state,
            expires,
            queued: expires,
        }
    }

    pub(super) fn claim(&mut self, claim: &Claim, now: Instant) -> Verdict {
        if self.fingerprint.differs_from(&claim.fingerprint) {
            return Verdict::Answer(Claimed::Reused);
        }
        let lease_ends = match &self.state {
            State::Completed(record) => return Verdict::Answer(Claimed::Completed(record.clone())),
            State::Held { lease_ends, .. } => *lease_ends,
        };
        if self.nonce == claim.nonce {
            (self.state, self.expires) = held(claim.lease, claim.keep, now);
            return Verdict::Answer(Claimed::First(self.held_as(claim)));
        }
        if lease_ends > now {
            return Verdict::Answer(Claimed::Running { left: lease_ends - now });
        }
        if claim.takes_over { Verdict::TakeOver } else { Verdict::Answer(Claimed::Abandoned) }
    }

    /// `None` if the record is to be stored: the holder is the one, and has not done so before.
    pub(super) fn refuses_record(&self, by: &Held) -> Option<Completion> {
        match &self.state {
            State::Completed(_) if self.is_held_by(by) => Some(Completion::Stored),
            State::Completed(record) => Some(Completion::Lost(Some(record.clone()))),
            State::Held { .. } if self.is_held_by(by) => None,
            State::Held { .. } => Some(Completion::Lost(None)),
        }
    }

    pub(super) fn store(&mut self, record: Bytes, keep: Duration, now: Instant) {
        self.state = State::Completed(record);
        self.expires = after(now, at_least_a_millisecond(keep));
    }

    pub(super) fn renew(&mut self, by: &Held, lease: Duration, now: Instant) -> Renewal {
        match self.state {
            State::Held { keep, .. } if self.is_held_by(by) => {
                (self.state, self.expires) = held(lease, keep, now);
                Renewal::Renewed
            }
            _ => Renewal::Lost,
        }
    }

    pub(super) fn is_released_by(&self, by: &Held) -> bool {
        matches!(self.state, State::Held { .. }) && self.is_held_by(by)
    }

    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.expires <= now
    }

    pub(super) fn expires(&self) -> Instant {
        self.expires
    }

    /// How many bytes of record it has.
    pub(super) fn bytes(&self) -> usize {
        match &self.state {
            State::Held { .. } => 0,
            State::Completed(record) => record.len(),
        }
    }

    pub(super) fn held_as(&self, claim: &Claim) -> Held {
        Held { key: claim.key, nonce: self.nonce, fence: self.fence, taken_over: self.taken_over }
    }

    fn is_held_by(&self, by: &Held) -> bool {
        (self.nonce, self.fence) == (by.nonce, by.fence)
    }
}

fn after(now: Instant, duration: Duration) -> Instant {
    asking::after(now.into(), duration).into_std()
}

/// A claim that lasts, and is remembered, for so long from now on.
fn held(lease: Duration, keep: Duration, now: Instant) -> (State, Instant) {
    let lease = at_least_a_millisecond(lease);
    let state = State::Held { lease_ends: after(now, lease), keep };
    (state, after(now, keep.max(lease)))
}

fn at_least_a_millisecond(duration: Duration) -> Duration {
    duration.max(Duration::from_millis(1))
}
