//! What all values of one probe share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::counts::Counts;
use super::error::ProbeError;

/// What `poll_ready` of the probe says to values that are not ready yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Ready, as long as there is room.
    #[default]
    Ready,
    /// Not yet.
    Pending,
    /// Never again.
    Fails,
}

/// How a call of the probe ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With a response.
    Respond,
    /// With [`ProbeError::Failed`].
    Fail,
    /// With a panic, in the poll that would have had the response.
    Panic,
}

#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<State>);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) readiness: Readiness,
    /// How many may be reserved or run at once.
    pub(super) room: Option<usize>,
    /// How calls end that nobody answers one by one; without one they wait for that.
    pub(super) reply: Option<Reply>,
    pub(super) bodies_stall: bool,
    pub(super) counts: Counts,
    pub(super) violations: Vec<String>,
    /// Numbers of calls that ended with a response.
    pub(super) responded: BTreeSet<u64>,
    calls: BTreeMap<u64, Call>,
    /// Who waits for readiness, or for a body to go on.
    waiting: BTreeMap<u64, Waker>,
    last_key: u64,
    /// Wakers to wake, and wakers to drop, once the lock is free: either may run code that comes
    /// back here.
    woken: Vec<Waker>,
    discarded: Vec<Waker>,
}

#[derive(Debug)]
struct Call {
    number: u64,
    reply: Option<Reply>,
    waker: Option<Waker>,
}

impl Shared {
    pub(super) fn with<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut state);
        let woken = std::mem::take(&mut state.woken);
        let discarded = std::mem::take(&mut state.discarded);
        drop(state);
        drop(discarded);
        woken.into_iter().for_each(Waker::wake);
        result
    }
}

impl State {
    /// A name for a value, a call or a body.
    pub(super) fn key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    pub(super) fn violated(&mut self, law: String) {
        self.violations.push(law);
    }

    /// Reserves, for a value that has no reservation.
    pub(super) fn reserve(&mut self, value: u64, cx: &Context<'_>) -> Poll<Result<(), ProbeError>> {
        let taken = self.counts.reserved + self.counts.running;
        match self.readiness {
            Readiness::Fails => Poll::Ready(Err(ProbeError::NotReady)),
            Readiness::Ready if self.room.is_none_or(|room| taken < room) => {
                self.counts.reserved += 1;
                Poll::Ready(Ok(()))
            }
            _ => {
                self.wait(value, cx);
                Poll::Pending
            }
        }
    }

    pub(super) fn wait(&mut self, key: u64, cx: &Context<'_>) {
        let replaced = self.waiting.insert(key, cx.waker().clone());
        self.discarded.extend(replaced);
    }

    pub(super) fn forget(&mut self, key: u64) {
        let waker = self.waiting.remove(&key);
        self.discarded.extend(waker);
    }

    /// Something has changed: whoever waits may look again.
    pub(super) fn wake_waiting(&mut self) {
        self.woken.extend(std::mem::take(&mut self.waiting).into_values());
    }

    pub(super) fn begin(&mut self, number: u64) -> u64 {
        let key = self.key();
        self.calls.insert(key, Call { number, reply: self.reply, waker: None });
        self.counts.calls += 1;
        self.counts.running += 1;
        self.counts.peak = self.counts.peak.max(self.counts.running);
        key
    }

    pub(super) fn poll_call(&mut self, key: u64, cx: &Context<'_>) -> Poll<Reply> {
        let Some(call) = self.calls.get_mut(&key) else { return Poll::Pending };
        if let Some(reply) = call.reply {
            return Poll::Ready(reply);
        }
        let replaced = call.waker.replace(cx.waker().clone());
        self.discarded.extend(replaced);
        Poll::Pending
    }

    /// Ends a call by its reply, or without one by a drop.
    pub(super) fn end(&mut self, key: u64, reply: Option<Reply>) {
        if let Some(call) = self.calls.remove(&key) {
            self.discarded.extend(call.waker);
            self.responded.extend((reply == Some(Reply::Respond)).then_some(call.number));
        }
        match reply {
            Some(_) => self.counts.finished += 1,
            None => self.counts.dropped += 1,
        }
        self.counts.running -= 1;
        self.wake_waiting();
    }

    /// Answers the calls of that number, or all, that wait for an answer. Says how many there were.
    pub(super) fn answer(&mut self, number: Option<u64>, reply: Reply) -> usize {
        let mut answered = 0;
        for call in self.calls.values_mut() {
            if call.reply.is_none() && number.is_none_or(|number| number == call.number) {
                call.reply = Some(reply);
                self.woken.extend(call.waker.take());
                answered += 1;
            }
        }
        answered
    }
}
