//! One key of a right store, as a sequence of steps.
//!
//! What a store decides by itself is taken from its answers: fences. When leases and records end is
//! not known to the microsecond; a step that needs such an end is right if it may have come by
//! then, and one that needs that it has not come is right if it may not have.

mod claims;
mod owners;

use std::cell::Cell;
use std::collections::BTreeMap;

use todc_utils::Specification;

use self::claims::Claim;
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
    /// How many of each group of equal calls without an answer have changed something by now, or
    /// will not any more.
    done: BTreeMap<usize, usize>,
    /// Whose transactions are known to have come to nothing, and when that was known.
    void: BTreeMap<String, u64>,
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
    /// A call without an answer. Of those that ask for the same, an earlier one is done before a
    /// later one, or not at all.
    Maybe {
        operation: Operation,
        group: usize,
        place: usize,
    },
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
        let mut next = self.clone();
        match step {
            Step::Begin => return None,
            Step::Over => next.is_over = true,
            Step::Do(operation) => {
                next.now = self.now.max(operation.from);
                let answer = operation.said()?;
                if !next.answers(operation, answer) || next.now > operation.until() {
                    return None;
                }
            }
            // One that changes nothing is put off to the end, so that fewer orders are tried.
            Step::Maybe { .. } if self.is_over => {}
            Step::Maybe { operation, group, place } => {
                next.now = self.now.max(operation.from);
                if next.now > operation.until() || self.is_void(operation) {
                    return None;
                }
                let done = next.done.entry(*group).or_default();
                if *done > *place {
                    return None;
                }
                *done = place + 1;
                if !next.may_do(operation) {
                    return None;
                }
            }
        }
        Some(next)
    }

    /// Does what was asked for, if that is answered so.
    fn answers(&mut self, operation: &Operation, answer: &Answer) -> bool {
        let until = operation.until();
        match (&operation.call, answer) {
            (Call::Claim { .. }, Answer::First { fence, taken_over }) => {
                let told = Some((*fence, *taken_over));
                Claim::of(operation).is_some_and(|claim| self.grant(&claim, told))
            }
            (Call::Claim { .. }, Answer::Abandoned) => {
                Claim::of(operation).is_some_and(|claim| self.is_abandoned(&claim))
            }
            (Call::Claim { print, .. }, Answer::Completed { record }) => {
                self.replays(Some(*print), record)
            }
            (Call::Claim { nonce, print, .. }, Answer::Running) => self.is_running(nonce, *print),
            (Call::Claim { print, .. }, Answer::Reused) => self.is_reused(*print),
            (Call::Complete { nonce, fence, record, keep, .. }, Answer::Stored) => {
                self.complete(nonce, *fence, record, (*keep, until))
            }
            (
                Call::Renew { nonce, fence, .. } | Call::Complete { nonce, fence, joins: true, .. },
                Answer::Lost { .. },
            ) => !self.is_held_by(nonce, *fence) || self.expire(),
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
            (Call::Transact { nonce, record, keep, .. }, Answer::Committed { fence }) => {
                self.transact(nonce, Some(*fence), record, (*keep, until))
            }
            (Call::Transact { .. }, Answer::Completed { record }) => self.replays(None, record),
            (Call::Settle { nonce, fence, .. }, Answer::Completed { record }) => {
                self.has_completed(nonce, *fence, record)
            }
            (Call::Settle { nonce, fence, .. }, Answer::StillHeld) => {
                self.still_holds(nonce, *fence)
            }
            (Call::Settle { nonce, fence, .. }, Answer::NotStored) => {
                self.void.insert(nonce.clone(), until);
                self.has_nothing(nonce, *fence)
            }
            (Call::Transact { .. }, Answer::Running)
            | (_, Answer::RolledBack | Answer::Failed | Answer::Busy) => true,
            _ => false,
        }
    }

    /// Does what was asked for, if that changes anything.
    fn may_do(&mut self, operation: &Operation) -> bool {
        let until = operation.until();
        let before = self.slot.clone();
        let is_done = match &operation.call {
            Call::Claim { .. } => {
                Claim::of(operation).is_some_and(|claim| self.grant(&claim, None))
            }
            Call::Complete { nonce, fence, record, keep, .. } => {
                self.complete(nonce, *fence, record, (*keep, until))
            }
            Call::Release { nonce, fence, .. } => self.release(nonce, *fence),
            Call::Renew { nonce, fence, lease, .. } => self.renew(nonce, *fence, *lease, until),
            Call::Transact { nonce, record, keep, .. } => {
                self.transact(nonce, None, record, (*keep, until))
            }
            Call::Settle { .. } => false,
        };
        is_done && self.slot != before
    }

    /// It was asked for before it was known to have come to nothing.
    fn is_void(&self, operation: &Operation) -> bool {
        operation.is_in_transaction()
            && self.void.get(operation.call.nonce()).is_some_and(|at| operation.from <= *at)
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

impl Owner {
    fn with(&self, fence: Option<u64>) -> Self {
        Self { nonce: self.nonce.clone(), fence: self.fence.or(fence) }
    }
}
