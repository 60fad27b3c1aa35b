//! What owners do.

use super::claims::Claim;
use super::{Hold, Kept, Owner, Slot, State};

impl State {
    pub(super) fn is_held_by(&self, nonce: &str, fence: u64) -> bool {
        matches!(&self.slot, Slot::Held(hold) if self.is(&hold.owner, nonce, fence))
    }

    fn is(&self, owner: &Owner, nonce: &str, fence: u64) -> bool {
        owner.nonce == nonce && owner.fence.map_or(fence > self.fence, |held| held == fence)
    }

    pub(super) fn complete(
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

    pub(super) fn has_lost(&mut self, nonce: &str, fence: u64, record: Option<&str>) -> bool {
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

    pub(super) fn release(&mut self, nonce: &str, fence: u64) -> bool {
        let is_held = self.is_held_by(nonce, fence);
        if is_held {
            self.fence = self.fence.max(fence);
            self.slot = Slot::Absent;
        }
        is_held
    }

    pub(super) fn renew(&mut self, nonce: &str, fence: u64, lease: u64, until: u64) -> bool {
        let Slot::Held(hold) = &self.slot else { return false };
        if !self.is(&hold.owner, nonce, fence) || !self.is_before(hold.expiry) {
            return false;
        }
        let (owner, taken_over) = (hold.owner.with(Some(fence)), hold.taken_over);
        let (print, keep) = (hold.print, hold.keep);
        let claim = Claim { nonce, print, lease, keep, takes_over: false, since: None, until };
        self.hold(&claim, owner, taken_over);
        true
    }

    /// Its transaction was committed, and completed it.
    pub(super) fn has_completed(&self, nonce: &str, fence: u64, record: &str) -> bool {
        matches!(&self.slot, Slot::Completed(kept) if self.is(&kept.owner, nonce, fence)
            && kept.record == record && self.is_before(kept.expiry))
    }

    pub(super) fn still_holds(&self, nonce: &str, fence: u64) -> bool {
        matches!(&self.slot, Slot::Held(hold) if self.is(&hold.owner, nonce, fence)
            && self.is_before(hold.expiry))
    }

    /// Nothing of it is there, or not any more.
    pub(super) fn has_nothing(&mut self, nonce: &str, fence: u64) -> bool {
        let is_there = match &self.slot {
            Slot::Absent => false,
            Slot::Held(Hold { owner, .. }) | Slot::Completed(Kept { owner, .. }) => {
                self.is(owner, nonce, fence)
            }
        };
        !is_there || self.expire()
    }

    pub(super) fn transact(
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
