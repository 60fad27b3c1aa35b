//! A caller, and how ready its service is.

use std::task::Poll;

use crate::probe::caller::{Caller, InFlight};
use crate::probe::rig::{Checked, Rig, ensure};

pub(super) struct Slot<'r> {
    pub(super) caller: Caller<'r>,
    pub(super) state: SlotState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotState {
    Idle,
    Waiting,
    Ready,
    /// Its readiness has failed: all that is left is to clone it or to drop it.
    Failed,
}

impl<'r> Slot<'r> {
    pub(super) fn new(caller: Caller<'r>) -> Self {
        Self { caller, state: SlotState::Idle }
    }

    /// Ready stays ready, unless it fails; and who has waited was woken.
    pub(super) fn poll_ready(&mut self) -> Checked {
        let (was, woken) = (self.state, self.caller.woken());
        if was == SlotState::Failed {
            return Ok(());
        }
        self.state = match self.caller.poll_ready() {
            Poll::Pending => SlotState::Waiting,
            Poll::Ready(Ok(())) => SlotState::Ready,
            Poll::Ready(Err(_)) => SlotState::Failed,
        };
        let waits = self.state == SlotState::Waiting;
        ensure(!waits || was != SlotState::Ready, "it was ready, and then was not")?;
        ensure(waits || was != SlotState::Waiting || woken, "it is ready, and was not woken")
    }

    /// Calls, if it is ready.
    pub(super) fn call(&mut self, number: u64) -> Option<InFlight<'r>> {
        (self.state == SlotState::Ready).then(|| {
            self.state = SlotState::Idle;
            self.caller.call(number)
        })
    }

    /// As the last caller, has a call answered: itself, or where it has failed, a clone.
    ///
    /// The first call may still end as was decided when it became ready.
    pub(super) fn serves_last(self, rig: &Rig) -> Checked {
        let mut caller = self.caller;
        let mut failed = None;
        if self.state == SlotState::Failed {
            let clone = caller.clone();
            failed = Some(std::mem::replace(&mut caller, clone));
        }
        // What has failed is kept, and must not be in the way; but for what tower allows.
        if rig.expected.keeps_place_when_failed {
            failed = None;
        }
        caller.become_ready()?;
        caller.call(u64::MAX).outcome()?;
        caller.passes(u64::MAX)?;
        drop(failed);
        Ok(())
    }
}
