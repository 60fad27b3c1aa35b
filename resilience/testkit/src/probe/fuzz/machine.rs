//! Plays the steps, and knows what may come of each.

use super::flight::Flight;
use super::slot::{Slot, SlotState};
use super::steps::Step;
use crate::probe::caller::{Caller, Outcome};
use crate::probe::layered::Answer;
use crate::probe::rig::{Checked, Rig, ensure};
use crate::probe::state::{Readiness, Reply};
use crate::probe::subject::{Errors, WhileNotReady};

/// How many callers there are at most.
const CALLERS: usize = 6;

pub(super) struct Machine<'r> {
    rig: &'r Rig,
    callers: Vec<Slot<'r>>,
    calls: Vec<Flight<'r>>,
    /// How many calls callers have made; their numbers are below.
    made: u64,
    told: Told,
}

/// What the inner service was ever told to do wrong.
#[derive(Clone, Copy, Default)]
struct Told {
    not_ready: bool,
    fail: bool,
    panic: bool,
}

impl<'r> Machine<'r> {
    pub(super) fn new(rig: &'r Rig, service: Caller<'r>) -> Self {
        let callers = vec![Slot::new(service)];
        Self { rig, callers, calls: Vec::new(), made: 0, told: Told::default() }
    }

    pub(super) fn step(&mut self, step: Step) -> Checked {
        match step {
            Step::PollReady(which) => self.poll_ready(which)?,
            Step::Call(which) => self.call(which),
            Step::Clone(which) => self.clone_caller(which),
            Step::DropCaller(which) => self.drop_caller(which),
            Step::PollCall(which) => self.poll_call(which)?,
            Step::DropCall(which) => drop(remove(&mut self.calls, which)),
            Step::Answer(which, reply) => self.answer(which, reply),
            inner => self.inner(inner),
        }
        self.invariants()
    }

    fn poll_ready(&mut self, which: usize) -> Checked {
        let expected = self.rig.expected;
        let may_wait =
            expected.while_not_ready == WhileNotReady::Waits || expected.admits.is_some();
        let Some(slot) = choose(&mut self.callers, which) else { return Ok(()) };
        slot.poll_ready()?;
        let state = slot.state;
        ensure(may_wait || state != SlotState::Waiting, "it waits, and should reject or queue")?;
        let may_fail = self.told.not_ready;
        ensure(may_fail || state != SlotState::Failed, "its readiness failed for no reason")
    }

    fn call(&mut self, which: usize) {
        let number = self.made;
        let call = choose(&mut self.callers, which).and_then(|slot| slot.call(number));
        if let Some(call) = call {
            self.made += 1;
            self.calls.push(Flight::new(call, number));
        }
    }

    fn clone_caller(&mut self, which: usize) {
        if self.callers.len() < CALLERS {
            let clone = choose(&mut self.callers, which).map(|slot| slot.caller.clone());
            self.callers.extend(clone.map(Slot::new));
        }
    }

    /// Drops any caller but the last, from which the others can be cloned again.
    fn drop_caller(&mut self, which: usize) {
        if self.callers.len() > 1 {
            remove(&mut self.callers, which);
        }
    }

    fn poll_call(&mut self, which: usize) -> Checked {
        let Some(flight) = choose(&mut self.calls, which) else { return Ok(()) };
        let number = flight.number;
        match flight.poll()? {
            None => Ok(()),
            Some(outcome) => {
                remove(&mut self.calls, which);
                self.ended(number, &outcome)
            }
        }
    }

    fn answer(&mut self, which: usize, reply: Reply) {
        let Some(flight) = choose(&mut self.calls, which) else { return };
        if self.rig.handle.answer(flight.number, reply) {
            self.told.note(reply);
        }
    }

    /// What the inner service does by itself.
    fn inner(&mut self, step: Step) {
        let handle = &self.rig.handle;
        match step {
            Step::SetReadiness(readiness) => {
                self.told.not_ready |= readiness == Readiness::Fails;
                handle.set_readiness(readiness);
            }
            Step::SetRoom(room) => handle.set_room(room),
            Step::Hold => handle.hold(),
            Step::Reply(reply) => {
                handle.reply(reply);
                self.told.note(reply);
            }
            Step::StallBodies(stall) => handle.stall_bodies(stall),
            _ => {}
        }
    }

    /// A call may end otherwise than with its answer only if the inner service gave a reason.
    fn ended(&self, number: u64, outcome: &Outcome) -> Checked {
        let expected = self.rig.expected;
        let rejects = expected.while_not_ready == WhileNotReady::Rejects;
        let answers = expected.errors == Errors::Answered;
        let failed = self.told.fail || self.told.not_ready;
        let may = match outcome {
            Outcome::Answered(Answer::Passed(answered)) => {
                *answered == number && self.rig.handle.has_responded(number)
            }
            // A layer that answers errors may answer panics as well.
            Outcome::Answered(_) => rejects || answers && (failed || self.told.panic),
            Outcome::Failed(_) => rejects || !answers && (failed || self.told.panic),
            Outcome::Panicked => self.told.panic,
        };
        ensure(may, &format!("call {number} has ended, for no reason, as {outcome:?}"))
    }

    fn invariants(&self) -> Checked {
        self.rig.nothing_is_violated()?;
        let counts = self.rig.counts();
        let holders = self.callers.len() + self.calls.len();
        ensure(counts.reserved <= holders, "more is reserved than there are callers")?;
        ensure(counts.running <= self.calls.len(), "calls go on without their callers")?;
        ensure(counts.bodies <= self.calls.len(), "bodies are kept without their readers")?;
        let once = self.rig.expected.repeats || counts.calls as u64 <= self.made;
        ensure(once, "the inner service was called more often than the outer one")?;
        let ready = self.callers.iter().filter(|slot| slot.state == SlotState::Ready).count();
        // Who rejects is ready for that, also where readiness has failed.
        let waits = self.rig.expected.while_not_ready == WhileNotReady::Waits;
        let backed = ready <= counts.reserved || self.told.not_ready || !waits;
        ensure(backed, "it is ready, and the inner service is not")
    }

    /// The inner service does what it can: all calls end, and the layer serves a last caller.
    pub(super) fn finish(mut self) -> Checked {
        let handle = &self.rig.handle;
        handle.set_readiness(Readiness::Ready);
        handle.set_room(None);
        handle.stall_bodies(false);
        handle.reply(Reply::Respond);
        self.callers.truncate(1);
        for flight in std::mem::take(&mut self.calls) {
            let number = flight.number;
            self.ended(number, &flight.outcome()?)?;
        }
        self.invariants()?;
        let queues = self.rig.expected.while_not_ready == WhileNotReady::Queues;
        match self.callers.pop() {
            Some(last) if !(queues && self.told.not_ready) => last.serves_last(self.rig),
            _ => Ok(()),
        }
    }
}

impl Told {
    fn note(&mut self, reply: Reply) {
        self.fail |= reply == Reply::Fail;
        self.panic |= reply == Reply::Panic;
    }
}

fn choose<T>(among: &mut [T], which: usize) -> Option<&mut T> {
    let index = which.checked_rem(among.len())?;
    among.get_mut(index)
}

fn remove<T>(from: &mut Vec<T>, which: usize) -> Option<T> {
    let index = which.checked_rem(from.len())?;
    Some(from.swap_remove(index))
}
