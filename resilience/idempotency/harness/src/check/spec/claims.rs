//! What claims do.

use super::{End, Hold, Owner, Slot, State};
use crate::history::{Call, Operation};

/// What is asked of a claim, and until when it was done.
pub(super) struct Claim<'a> {
    pub(super) nonce: &'a str,
    pub(super) print: u8,
    pub(super) lease: u64,
    pub(super) keep: u64,
    pub(super) takes_over: bool,
    /// Since when its lease may last, where that is before it is granted: in a transaction.
    pub(super) since: Option<u64>,
    pub(super) until: u64,
}

impl<'a> Claim<'a> {
    /// `None` if that is not what the operation is.
    pub(super) fn of(operation: &'a Operation) -> Option<Self> {
        let Call::Claim { nonce, print, lease, keep, takes_over, joins, .. } = &operation.call
        else {
            return None;
        };
        Some(Self {
            nonce,
            print: *print,
            lease: *lease,
            keep: *keep,
            takes_over: *takes_over,
            since: joins.then_some(operation.from),
            until: operation.until(),
        })
    }
}

impl State {
    /// `told` is what was answered, if that is known: the fence, and whether it was taken over.
    pub(super) fn grant(&mut self, claim: &Claim<'_>, told: Option<(u64, bool)>) -> bool {
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
        let can_be_taken = claim.takes_over
            && hold.owner.nonce != claim.nonce
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

    pub(super) fn hold(&mut self, claim: &Claim<'_>, owner: Owner, taken_over: Option<bool>) {
        let Claim { print, lease, keep, since, until, .. } = *claim;
        let since = since.unwrap_or(self.now);
        let end =
            |length: u64| End { earliest: since + length, latest: until.saturating_add(length) };
        self.fence = self.fence.max(owner.fence.unwrap_or_default());
        self.slot = Slot::Held(Hold {
            owner,
            print,
            taken_over,
            keep,
            lease: end(lease),
            expiry: end(lease.max(keep)),
        });
    }

    /// What lasts for so long from now on, which is not later than `until`.
    pub(super) fn end(&self, length: u64, until: u64) -> End {
        End { earliest: self.now + length, latest: until.saturating_add(length) }
    }

    pub(super) fn is_running(&self, nonce: &str, print: u8) -> bool {
        matches!(&self.slot, Slot::Held(hold) if hold.owner.nonce != nonce
            && hold.print == print && self.is_before(hold.lease) && self.is_before(hold.expiry))
    }

    /// The lease of another has ended. Waits for that.
    pub(super) fn is_abandoned(&mut self, claim: &Claim<'_>) -> bool {
        match &self.slot {
            Slot::Held(hold)
                if !claim.takes_over
                    && hold.owner.nonce != claim.nonce
                    && hold.print == claim.print
                    && self.is_before(hold.expiry) =>
            {
                let lease = hold.lease;
                self.wait_for(lease);
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_reused(&self, print: u8) -> bool {
        match &self.slot {
            Slot::Absent => false,
            Slot::Held(hold) => hold.print != print && self.is_before(hold.expiry),
            Slot::Completed(kept) => {
                kept.print.is_some_and(|kept| kept != print) && self.is_before(kept.expiry)
            }
        }
    }

    pub(super) fn replays(&self, print: Option<u8>, record: &str) -> bool {
        matches!(&self.slot, Slot::Completed(kept) if kept.record == record
            && kept.print == print && self.is_before(kept.expiry))
    }
}
