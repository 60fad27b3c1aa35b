use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mainstay_core::{Clock, ManualClock};
use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fence, Fingerprint, Held, Key, Nonce, Promise, Renewal, Store,
    StoreError,
};
use tokio::task::yield_now;

/// What can be wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    GetThenSet,
    GetThenComplete,
    GetThenRenew,
    GetThenRelease,
    WrittenInTwoSteps,
    ClaimForgetsWhoMadeIt,
    RepeatKeepsTheLease,
    CompletedOnce,
    LastRecordStays,
    NeverTakenOver,
    TakeoverForgotten,
    AlwaysTakenOver,
    RecordEndsWithLease,
    CompleteWithoutOwner,
    RenewWithoutOwner,
    ReleaseWithoutOwner,
    LostWithoutRecord,
    LateRenewalRefused,
    RenewalAdds,
    RenewalRevives,
    ReleaseDeletes,
    ReleaseIgnored,
    FrozenClock,
    FenceIsTheTime,
    RestartLoses,
    FencesLost,
    NeverExpires,
    SweepsEndedLeases,
    FingerprintIgnored,
    KeysMeet,
    FingerprintByBytes,
    RecordIsText,
    RecordIsCut,
    NonceNotCompared,
    FenceNotCompared,
    ExpiredIsHeld,
    ExpiredIsTakenOver,
    RenewalKeepsExpiry,
    FenceGoesWithTheKey,
}

#[derive(Clone, Debug)]
struct Row {
    nonce: Nonce,
    fence: Fence,
    taken_over: bool,
    fingerprint: Fingerprint,
    lease_ends: Instant,
    keep: Duration,
    expires: Instant,
    record: Option<Bytes>,
}

#[derive(Default)]
struct Data {
    rows: HashMap<Key, Row>,
    last_fence: u64,
    set_back: Duration,
}

/// A store that is as simple as it can be, with a flaw or without. It is its own harness; each
/// clone is a handle that was opened when it was made.
#[derive(Clone)]
pub(super) struct Naive {
    data: Arc<Mutex<Data>>,
    clock: ManualClock,
    opened: Instant,
    flaw: Option<Flaw>,
}

impl Naive {
    pub(super) fn new(flaw: Option<Flaw>) -> Self {
        let clock = ManualClock::new();
        Self { data: Arc::default(), opened: clock.now(), clock, flaw }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn now(&self) -> Instant {
        if self.has(Flaw::FrozenClock) { self.opened } else { self.clock.now() }
    }

    fn key(&self, key: Key) -> Key {
        if self.has(Flaw::KeysMeet) { Key::from_bytes([0; 32]) } else { key }
    }

    /// What there is under the key, unless it has expired.
    fn row(&self, key: Key) -> Option<Row> {
        let row = self.data.lock().unwrap().rows.get(&self.key(key)).cloned();
        let is_there = |row: &Row| row.expires > self.now() || self.has(Flaw::NeverExpires);
        row.filter(is_there)
    }

    fn put(&self, key: Key, row: Row) {
        self.data.lock().unwrap().rows.insert(self.key(key), row);
    }

    fn remove(&self, key: Key) {
        self.data.lock().unwrap().rows.remove(&self.key(key));
    }

    fn is_holder(&self, row: &Row, held: &Held) -> bool {
        let nonce = row.nonce == held.nonce || self.has(Flaw::NonceNotCompared);
        let fence = row.fence == held.fence || self.has(Flaw::FenceNotCompared);
        nonce && fence
    }

    fn differs(&self, row: &Row, claim: &Claim) -> bool {
        match self.flaw {
            Some(Flaw::FingerprintIgnored) => false,
            Some(Flaw::FingerprintByBytes) => row.fingerprint != claim.fingerprint,
            _ => row.fingerprint.differs_from(&claim.fingerprint),
        }
    }

    fn next_fence(&self, before: Option<Fence>) -> Fence {
        let mut data = self.data.lock().unwrap();
        let next = match self.flaw {
            Some(Flaw::FenceGoesWithTheKey) => before.map_or(0, Fence::get) + 1,
            Some(Flaw::FenceIsTheTime) => {
                let passed = (self.clock.now() - self.opened).as_nanos() + (1 << 50);
                u64::try_from(passed - data.set_back.as_nanos()).unwrap()
            }
            _ => data.last_fence + 1,
        };
        data.last_fence = next;
        Fence::new(next)
    }

    fn answer(&self, row: &mut Row, claim: &Claim) -> Option<Claimed> {
        let now = self.now();
        if self.differs(row, claim) {
            return Some(Claimed::Reused);
        }
        if let Some(record) = &row.record {
            return Some(Claimed::Completed(record.clone()));
        }
        if row.nonce == claim.nonce && !self.has(Flaw::ClaimForgetsWhoMadeIt) {
            if !self.has(Flaw::RepeatKeepsTheLease) {
                row.keep = claim.keep;
                row.lease(claim.lease, now, true);
            }
            let taken_over = row.taken_over && !self.has(Flaw::TakeoverForgotten);
            return Some(Claimed::First(row.held(claim.key, taken_over)));
        }
        let left = row.lease_ends.saturating_duration_since(now);
        if !left.is_zero() || self.has(Flaw::NeverTakenOver) {
            return Some(Claimed::Running { left });
        }
        let takes_over = claim.takes_over || self.has(Flaw::AlwaysTakenOver);
        (!takes_over).then_some(Claimed::Abandoned)
    }

    fn stored(&self, record: Bytes) -> Bytes {
        match self.flaw {
            Some(Flaw::RecordIsText) => String::from_utf8_lossy(&record).into_owned().into(),
            Some(Flaw::RecordIsCut) => record.slice(..record.len().min(1 << 16)),
            _ => record,
        }
    }

    fn claim_now(&self, claim: &Claim, seen: Option<Row>) -> Claimed {
        let now = self.now();
        let mut before = seen;
        if let Some(row) = &mut before
            && let Some(answer) = self.answer(row, claim)
        {
            self.put(claim.key, row.clone());
            return answer;
        }
        let is_left = self.has(Flaw::ExpiredIsTakenOver)
            && self.data.lock().unwrap().rows.contains_key(&claim.key);
        let mut row = Row {
            nonce: claim.nonce,
            fence: self.next_fence(before.as_ref().map(|row| row.fence)),
            taken_over: before.is_some() || is_left,
            fingerprint: claim.fingerprint,
            lease_ends: now,
            keep: claim.keep,
            expires: now,
            record: None,
        };
        row.lease(claim.lease, now, true);
        let held = row.held(claim.key, row.taken_over);
        self.put(claim.key, row);
        Claimed::First(held)
    }

    fn complete_now(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
        seen: Option<Row>,
    ) -> Completion {
        let any = self.has(Flaw::CompleteWithoutOwner);
        let row = match self.flaw {
            Some(Flaw::ExpiredIsHeld) => self.data.lock().unwrap().rows.get(&held.key).cloned(),
            _ => seen,
        };
        let Some(mut row) = row else { return Completion::Lost(None) };
        let is_holder = self.is_holder(&row, held) || (any && row.record.is_none());
        match &row.record {
            Some(_) if is_holder && self.has(Flaw::CompletedOnce) => return Completion::Lost(None),
            Some(_) if is_holder && !self.has(Flaw::LastRecordStays) => return Completion::Stored,
            Some(_) if !is_holder && self.has(Flaw::LostWithoutRecord) => {
                return Completion::Lost(None);
            }
            Some(record) if !is_holder => return Completion::Lost(Some(record.clone())),
            None if !is_holder => return Completion::Lost(None),
            _ => {}
        }
        row.record = Some(self.stored(record));
        row.expires = self.now() + keep;
        if self.has(Flaw::RecordEndsWithLease) {
            row.expires = row.lease_ends;
        }
        self.put(held.key, row);
        Completion::Stored
    }

    fn release_now(&self, held: &Held, seen: Option<Row>) {
        let Some(row) = seen else { return };
        let is_holder = self.is_holder(&row, held) || self.has(Flaw::ReleaseWithoutOwner);
        let is_held = row.record.is_none() || self.has(Flaw::ReleaseDeletes);
        if is_holder && is_held && !self.has(Flaw::ReleaseIgnored) {
            self.remove(held.key);
        }
    }

    fn renew_now(&self, held: &Held, lease: Duration, seen: Option<Row>) -> Renewal {
        let Some(mut row) = seen else { return Renewal::Lost };
        let is_holder = self.is_holder(&row, held) || self.has(Flaw::RenewWithoutOwner);
        let is_held = row.record.is_none() || self.has(Flaw::RenewalRevives);
        let is_late = row.lease_ends <= self.now() && self.has(Flaw::LateRenewalRefused);
        if !is_holder || !is_held || is_late {
            return Renewal::Lost;
        }
        let from = if self.has(Flaw::RenewalAdds) { row.lease_ends } else { self.now() };
        row.lease(lease, from, !self.has(Flaw::RenewalKeepsExpiry));
        self.put(held.key, row);
        Renewal::Renewed
    }
}

impl Row {
    fn lease(&mut self, lease: Duration, from: Instant, keeps: bool) {
        self.lease_ends = from + lease;
        if keeps {
            self.expires = self.lease_ends.max(from + self.keep);
        }
    }

    fn held(&self, key: Key, taken_over: bool) -> Held {
        Held { key, nonce: self.nonce, fence: self.fence, taken_over }
    }
}

impl Store for Naive {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        if self.has(Flaw::GetThenSet) {
            let seen = self.row(claim.key);
            yield_now().await;
            return Ok(self.claim_now(claim, seen));
        }
        Ok(one_at_a_time(|| self.claim_now(claim, self.row(claim.key))))
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        if self.has(Flaw::GetThenComplete) || self.has(Flaw::WrittenInTwoSteps) {
            let seen = self.row(held.key);
            if self.has(Flaw::WrittenInTwoSteps) {
                self.remove(held.key);
            }
            yield_now().await;
            return Ok(self.complete_now(held, record, keep, seen));
        }
        Ok(one_at_a_time(|| self.complete_now(held, record, keep, self.row(held.key))))
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        if self.has(Flaw::GetThenRelease) {
            let seen = self.row(held.key);
            yield_now().await;
            self.release_now(held, seen);
            return Ok(());
        }
        one_at_a_time(|| self.release_now(held, self.row(held.key)));
        Ok(())
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        if self.has(Flaw::GetThenRenew) {
            let seen = self.row(held.key);
            yield_now().await;
            return Ok(self.renew_now(held, lease, seen));
        }
        Ok(one_at_a_time(|| self.renew_now(held, lease, self.row(held.key))))
    }

    fn promise(&self) -> Promise {
        Promise::durable().fenced_by_clock()
    }
}

/// The lock on the data is taken for each look at it, so that this is what makes a call one step.
fn one_at_a_time<T>(call: impl FnOnce() -> T) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    call()
}

impl Harness for Naive {
    type Store = Self;

    async fn store(&self) -> Self {
        Self { opened: self.clock.now(), ..self.clone() }
    }

    async fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn restart(&self) -> bool {
        if self.has(Flaw::RestartLoses) {
            self.data.lock().unwrap().rows.clear();
        }
        true
    }

    async fn lose_all(&self) -> bool {
        let mut data = self.data.lock().unwrap();
        data.rows.clear();
        if self.has(Flaw::FencesLost) {
            data.last_fence = 0;
        }
        true
    }

    async fn step_back(&self, by: Duration) -> bool {
        self.data.lock().unwrap().set_back += by;
        true
    }

    async fn sweep(&self) {
        let now = self.now();
        let ended = |row: &Row| row.lease_ends <= now && row.record.is_none();
        let is_swept =
            |row: &Row| row.expires <= now || (self.has(Flaw::SweepsEndedLeases) && ended(row));
        one_at_a_time(|| self.data.lock().unwrap().rows.retain(|_, row| !is_swept(row)));
    }
}
