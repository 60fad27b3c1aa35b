use std::fmt;

use super::DropCause;
use crate::classify::Verdict;

/// A policy that lets calls through and wants to know, of each and once, how it ended.
pub trait Settle {
    /// What the policy has to be told again to know which call it was: its epoch, its place.
    type Ticket;

    /// The call with this ticket has ended. It is called from destructors: it must not panic.
    fn settle(&self, ticket: Self::Ticket, ending: Ending);
}

/// How a call ended that a policy has let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a result, which was judged.
    Finished(Verdict),
    /// It was begun and dropped.
    Dropped(DropCause),
    /// It was never begun: whatever was taken for it can be given to another.
    Unused,
}

/// Leave for one call, settled exactly once: with what it is told, or when it is dropped.
#[must_use = "a permit that is dropped is settled as a call that was dropped"]
pub struct Permit<P: Settle> {
    held: Option<(P, P::Ticket)>,
}

impl<P: Settle> Permit<P> {
    /// A permit of this policy.
    #[inline]
    pub fn new(policy: P, ticket: P::Ticket) -> Self {
        Self { held: Some((policy, ticket)) }
    }

    /// The call has ended with a result.
    #[expect(clippy::inline_always, reason = "each of these is a few moves")]
    #[inline(always)]
    pub fn finish(self, verdict: Verdict) {
        self.settle(Ending::Finished(verdict));
    }

    /// The call was not made.
    pub fn give_back(self) {
        self.settle(Ending::Unused);
    }

    /// The call has ended in this way.
    #[expect(clippy::inline_always, reason = "each of these is a few moves")]
    #[inline(always)]
    pub fn settle(mut self, ending: Ending) {
        self.settle_once(|| ending);
    }

    /// For a policy that learns more about its call while that is on its way.
    pub(crate) fn held_mut(&mut self) -> Option<&mut (P, P::Ticket)> {
        self.held.as_mut()
    }

    pub(crate) fn ticket(&self) -> Option<&P::Ticket> {
        self.held.as_ref().map(|(_, ticket)| ticket)
    }

    #[cold]
    fn dropped(&mut self) {
        self.settle_once(|| Ending::Dropped(DropCause::current()));
    }

    #[expect(clippy::inline_always, reason = "each of these is a few moves")]
    #[inline(always)]
    fn settle_once(&mut self, ending: impl FnOnce() -> Ending) {
        if let Some((policy, ticket)) = self.held.take() {
            policy.settle(ticket, ending());
        }
    }
}

impl<P: Settle> Drop for Permit<P> {
    #[inline]
    fn drop(&mut self) {
        if self.held.is_some() {
            self.dropped();
        }
    }
}

/// Runs what may panic. If it does, what is held is dropped while the panic is on its way, and not
/// by whoever has caught it: only so is it seen that it was a panic.
#[inline]
pub(crate) fn held_unless_it_panics<T, R>(held: &mut Option<T>, run: impl FnOnce() -> R) -> R {
    struct Holder<'a, T>(&'a mut Option<T>);

    impl<T> Drop for Holder<'_, T> {
        fn drop(&mut self) {
            *self.0 = None;
        }
    }

    let holder = Holder(held);
    let result = run();
    std::mem::forget(holder);
    result
}

impl<P: Settle> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
