use std::sync::Arc;

use super::counts::Counts;
use super::state::{Readiness, Reply, Shared};

/// Tells a [`Probe`](super::Probe) and its clones what to do, and what they have seen.
///
/// At first they are ready, without a limit, and answer at once.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// What values say that are not ready yet; one that is ready stays so.
    pub fn set_readiness(&self, readiness: Readiness) {
        self.shared.with(|state| {
            state.readiness = readiness;
            state.wake_waiting();
        });
    }

    /// How many may be reserved or run at once; `None` for any number.
    pub fn set_room(&self, room: Option<usize>) {
        self.shared.with(|state| {
            state.room = room;
            state.wake_waiting();
        });
    }

    /// Lets calls wait until they are answered.
    pub fn hold(&self) {
        self.shared.with(|state| state.reply = None);
    }

    /// Ends all calls in this way, those that wait and those to come.
    pub fn reply(&self, reply: Reply) {
        self.shared.with(|state| {
            state.reply = Some(reply);
            state.answer(None, reply);
        });
    }

    /// Ends the waiting calls of this number. Says whether there was one.
    pub fn answer(&self, number: u64, reply: Reply) -> bool {
        self.shared.with(|state| state.answer(Some(number), reply)) > 0
    }

    /// Whether a call of this number has ended with a response.
    pub fn has_responded(&self, number: u64) -> bool {
        self.shared.with(|state| state.responded.contains(&number))
    }

    /// Whether bodies of HTTP responses stop in the middle.
    pub fn stall_bodies(&self, stall: bool) {
        self.shared.with(|state| {
            state.bodies_stall = stall;
            state.wake_waiting();
        });
    }

    /// What has been seen so far.
    pub fn counts(&self) -> Counts {
        self.shared.with(|state| state.counts)
    }

    /// The breaches of the contract so far. They are recorded and not thrown, as some layers catch
    /// panics.
    pub fn violations(&self) -> Vec<String> {
        self.shared.with(|state| state.violations.clone())
    }
}
