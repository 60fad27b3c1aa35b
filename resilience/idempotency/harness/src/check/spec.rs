//! One key of a right store, as a sequence of steps.
//!
//! What a store decides by itself is taken from its answers: fences. When leases and records end is
//! not known to the microsecond; a step that needs such an end is right if it may have come by
//! then, and one that needs that it has not come is right if it may not have.

use std::cell::Cell;

use todc_utils::Specification;

use super::CLOCKS;
use crate::history::{Answer, Call, Operation};

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct State {
    /// It is not earlier than this.
    now: u64,
    /// The highest fence that is known to have been granted.
    fence: u64,
    /// All that was answered has been done.
    is_over: bool,
    slot: Slot,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
enum Slot {
    #[default]
    Absent,
    Held(Hold),
    Completed(Kept),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hold {
    owner: Owner,
    print: u8,
    taken_over: Option<bool>,
    keep: u64,
    lease: End,
    expiry: End,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kept {
    owner: Owner,
    /// `None` in a transaction, which has the same for all.
    print: Option<u8>,
    record: String,
    expiry: End,
}

/// Who has or had the key. The fence of one who was never told is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owner {
    nonce: String,
    fence: Option<u64>,
}

/// When something ends: between these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct End {
    earliest: u64,
    latest: u64,
}

/// One step of an order that the checker tries.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The beginning of one, of which the checker looks at the end.
    Begin,
    Do(Operation),
    /// After all that was answered.
    Over,
}

/// The sequential specification.
pub(super) struct KeySpec;

thread_local! {
    /// How many more steps the checker may try.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Lets the checker try so many steps from now on; then no step is right any more.
pub(super) fn limit(steps: u64) {
    LEFT.set(steps);
}

/// Whether it has tried them all.
pub(super) fn is_exhausted() -> bool {
    LEFT.get() == 0
}

impl Specification for KeySpec {
    type State = State;
    type Operation = Step;

    fn init() -> State {
        State::default()
    }

    fn apply(step: &Step, state: &State) -> (bool, State) {
        LEFT.set(LEFT.get().saturating_sub(1));
        let next = if is_exhausted() { None } else { state.after(step) };
        match next {
            Some(next) => (true, next),
            None => (false, state.clone()),
        }
    }
}

impl State {
    fn after(&self, step: &Step) -> Option<Self> {
        let operation = match step {
            Step::Begin => return None,
            Step::Over => return Some(Self { is_over: true, ..self.clone() }),
            Step::Do(operation) => operation,
        };
        let mut next = self.clone();
        next.now = self.now.max(operation.from);
        let is_right = match operation.said() {
            Some(answer) => next.answers(operation, answer),
            // One that changes nothing is put off to the end, so that fewer orders are tried.
            None => self.is_over || next.may_do(operation),
        };
        (is_right && next.now <= operation.until()).then_some(next)
    }

    /// Does what was asked for, if that is answered so.
    fn answers(&mut self, operation: &Operation, answer: &Answer) -> bool {
        let until = operation.until();
        match (&operation.call, answer) {
            (
                Call::Claim { nonce, print, lease, keep, .. },
                Answer::First { fence, taken_over },
            ) => {
                let claim = Claim { nonce, print: *print, lease: *lease, keep: *keep, until };
                self.grant(&claim, Some((*fence, *taken_over)))
            }
            (Call::Claim { print, .. }, Answer::Completed { record }) => {
                self.replays(Some(*print), record)
            }
            (Call::Claim { nonce, print, .. }, Answer::Running) => self.is_running(nonce, *print),
            (Call::Claim { print, .. }, Answer::Reused) => self.is_reused(*print),
            (Call::Complete { nonce, fence, record, keep, .. }, Answer::Stored) => {
                self.complete(nonce, *fence, record, (*keep, until))
            }
            (Call::Complete { nonce, fence, .. }, Answer::Lost { record }) => {
                self.has_lost(nonce, *fence, record.as_deref())
            }
            (Call::Release { nonce, fence, .. }, Answer::Released) => {
                self.release(nonce, *fence);
                true
            }
            (Call::Renew { nonce, fence, lease, .. }, Answer::Renewed) => {
                self.renew(nonce, *fence, *lease, until)
            }
            (Call::Renew { nonce, fence, .. }, Answer::Lost { .. }) => {
                !self.is_held_by(nonce, *fence) || self.expire()
            }
            (Call::Transact { nonce, record, keep, .. }, Answer::Committed { fence }) => {
                self.transact(nonce, Some(*fence), record, (*keep, until))
            }
            (Call::Transact { .. }, Answer::Completed { record }) => self.replays(None, record),
            (Call::Transact { .. }, Answer::Running | Answer::RolledBack) => true,
            _ => false,
        }
    }

    /// Does what was asked for, if that changes anything.
    fn may_do(&mut self, operation: &Operation) -> bool {
        let until = u64::MAX;
        let before = self.slot.clone();
        let is_done = match &operation.call {
            Call::Claim { nonce, print, lease, keep, .. } => {
                let claim = Claim { nonce, print: *print, lease: *lease, keep: *keep, until };
                self.grant(&claim, None)
            }
            Call::Complete { nonce, fence, record, keep, .. } => {
                self.complete(nonce, *fence, record, (*keep, until))
            }
            Call::Release { nonce, fence, .. } => self.release(nonce, *fence),
            Call::Renew { nonce, fence, lease, .. } => self.renew(nonce, *fence, *lease, until),
            Call::Transact { nonce, record, keep, .. } => {
                self.transact(nonce, None, record, (*keep, until))
            }
        };
        is_done && self.slot != before
    }

    /// From here on it is later than the earliest of this.
    fn wait_for(&mut self, end: End) {
        self.now = self.now.max(end.earliest.saturating_sub(CLOCKS));
    }

    fn is_before(&self, end: End) -> bool {
        self.now <= end.latest.saturating_add(CLOCKS)
    }

    /// Lets what is there expire. That it cannot have by then is noticed by the time.
    fn expire(&mut self) -> bool {
        match &self.slot {
            Slot::Absent => return false,
            Slot::Held(Hold { expiry, .. }) | Slot::Completed(Kept { expiry, .. }) => {
                self.wait_for(*expiry);
            }
        }
        self.slot = Slot::Absent;
        true
    }
}

/// What is asked of a claim, and until when it was done.
struct Claim<'a> {
    nonce: &'a str,
    print: u8,
    lease: u64,
    keep: u64,
    until: u64,
}

/// Claims.
impl State {
    /// `told` is what was answered, if that is known: the fence, and whether it was taken over.
    fn grant(&mut self, claim: &Claim<'_>, told: Option<(u64, bool)>) -> bool {
        if let Slot::Held(hold) = &self.slot
            && hold.owner.nonce == claim.nonce
            && self.is_before(hold.expiry)
            && told.is_none_or(|told| self.is_again(hold, told))
        {
            let owner = hold.owner.with(told.map(|(fence, _)| fence));
            let taken_over = hold.taken_over.or(told.map(|(_, taken_over)| taken_over));
            self.hold(claim, owner, taken_over);
            return true;
        }
        if told.is_some_and(|(fence, _)| fence <= self.fence) {
            return false;
        }
        let taken_over = told.map(|(_, taken_over)| taken_over);
        if !self.make_way(claim, taken_over) {
            return false;
        }
        let owner = Owner { nonce: claim.nonce.to_owned(), fence: told.map(|(fence, _)| fence) };
        self.hold(claim, owner, taken_over);
        true
    }

    fn is_again(&self, hold: &Hold, (fence, taken_over): (u64, bool)) -> bool {
        hold.owner.fence.map_or(fence > self.fence, |held| held == fence)
            && hold.taken_over.is_none_or(|was| was == taken_over)
    }

    /// Lets the lease end of who has the key, or what is there expire.
    fn make_way(&mut self, claim: &Claim<'_>, taken_over: Option<bool>) -> bool {
        let hold = match &self.slot {
            Slot::Absent => return taken_over != Some(true),
            Slot::Completed(_) => return taken_over != Some(true) && self.expire(),
            Slot::Held(hold) => hold,
        };
        let can_be_taken = hold.owner.nonce != claim.nonce
            && hold.print == claim.print
            && self.is_before(hold.expiry);
        let lease = hold.lease;
        match taken_over {
            Some(true) if !can_be_taken => false,
            None if !can_be_taken => self.expire(),
            Some(false) => self.expire(),
            Some(true) | None => {
                self.wait_for(lease);
                true
            }
        }
    }

    fn hold(&mut self, claim: &Claim<'_>, owner: Owner, taken_over: Option<bool>) {
        let Claim { print, lease, keep, until, .. } = *claim;
        self.fence = self.fence.max(owner.fence.unwrap_or_default());
        self.slot = Slot::Held(Hold {
            owner,
            print,
            taken_over,
            keep,
            lease: self.end(lease, until),
            expiry: self.end(lease.max(keep), until),
        });
    }

    /// What lasts for so long from now on, which is not later than `until`.
    fn end(&self, length: u64, until: u64) -> End {
        End { earliest: self.now + length, latest: until.saturating_add(length) }
    }

    fn is_running(&self, nonce: &str, print: u8) -> bool {
        matches!(&self.slot, Slot::Held(hold) if hold.owner.nonce != nonce
            && hold.print == print && self.is_before(hold.lease) && self.is_before(hold.expiry))
    }

    fn is_reused(&self, print: u8) -> bool {
        match &self.slot {
            Slot::Absent => false,
            Slot::Held(hold) => hold.print != print && self.is_before(hold.expiry),
            Slot::Completed(kept) => {
                kept.print.is_some_and(|kept| kept != print) && self.is_before(kept.expiry)
            }
        }
    }

    fn replays(&self, print: Option<u8>, record: &str) -> bool {
        matches!(&self.slot, Slot::Completed(kept) if kept.record == record
            && kept.print == print && self.is_before(kept.expiry))
    }
}

/// What owners do.
impl State {
    fn is_held_by(&self, nonce: &str, fence: u64) -> bool {
        matches!(&self.slot, Slot::Held(hold) if self.is(&hold.owner, nonce, fence))
    }

    fn is(&self, owner: &Owner, nonce: &str, fence: u64) -> bool {
        owner.nonce == nonce && owner.fence.map_or(fence > self.fence, |held| held == fence)
    }

    fn complete(
        &mut self,
        nonce: &str,
        fence: u64,
        record: &str,
        (keep, until): (u64, u64),
    ) -> bool {
        match &self.slot {
            Slot::Held(hold)
                if self.is(&hold.owner, nonce, fence) && self.is_before(hold.expiry) =>
            {
                self.slot = Slot::Completed(Kept {
                    owner: hold.owner.with(Some(fence)),
                    print: Some(hold.print),
                    record: record.to_owned(),
                    expiry: self.end(keep, until),
                });
                self.fence = self.fence.max(fence);
                true
            }
            // The first record stays, and may be kept for longer.
            Slot::Completed(kept)
                if self.is(&kept.owner, nonce, fence) && self.is_before(kept.expiry) =>
            {
                let mut kept = kept.clone();
                kept.expiry.latest = kept.expiry.latest.max(until.saturating_add(keep));
                self.slot = Slot::Completed(kept);
                true
            }
            _ => false,
        }
    }

    fn has_lost(&mut self, nonce: &str, fence: u64, record: Option<&str>) -> bool {
        match (&self.slot, record) {
            (Slot::Completed(kept), Some(record)) => {
                !self.is(&kept.owner, nonce, fence)
                    && kept.record == record
                    && self.is_before(kept.expiry)
            }
            (_, Some(_)) => false,
            (Slot::Absent, None) => true,
            (Slot::Held(hold), None) if !self.is(&hold.owner, nonce, fence) => true,
            (Slot::Held(_) | Slot::Completed(_), None) => self.expire(),
        }
    }

    fn release(&mut self, nonce: &str, fence: u64) -> bool {
        let is_held = self.is_held_by(nonce, fence);
        if is_held {
            self.fence = self.fence.max(fence);
            self.slot = Slot::Absent;
        }
        is_held
    }

    fn renew(&mut self, nonce: &str, fence: u64, lease: u64, until: u64) -> bool {
        let Slot::Held(hold) = &self.slot else { return false };
        if !self.is(&hold.owner, nonce, fence) || !self.is_before(hold.expiry) {
            return false;
        }
        let (owner, taken_over) = (hold.owner.with(Some(fence)), hold.taken_over);
        let claim = Claim { nonce, print: hold.print, lease, keep: hold.keep, until };
        self.hold(&claim, owner, taken_over);
        true
    }

    fn transact(
        &mut self,
        nonce: &str,
        fence: Option<u64>,
        record: &str,
        (keep, until): (u64, u64),
    ) -> bool {
        let is_free = match self.slot {
            Slot::Absent => true,
            Slot::Completed(_) => self.expire(),
            Slot::Held(_) => false,
        };
        if !is_free || fence.is_some_and(|fence| fence <= self.fence) {
            return false;
        }
        self.fence = self.fence.max(fence.unwrap_or_default());
        let owner = Owner { nonce: nonce.to_owned(), fence };
        let expiry = self.end(keep, until);
        self.slot = Slot::Completed(Kept { owner, print: None, record: record.to_owned(), expiry });
        true
    }
}

impl Owner {
    fn with(&self, fence: Option<u64>) -> Self {
        Self { nonce: self.nonce.clone(), fence: self.fence.or(fence) }
    }
}
