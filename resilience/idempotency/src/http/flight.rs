//! What the tries of one process know of each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asking::after;
use crate::{Fingerprint, Key, StoreErrorKind};

/// A try with a key: what runs it, those that wait for it, and its handler all look here.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// What it does when its client goes, as [`Leaving`].
    leaving: AtomicU8,
    /// Up to when it has the key for sure, in milliseconds after [`Flights::epoch`]; 0 while it has
    /// not been granted it.
    safe_until: AtomicU64,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    landed: Option<Landed>,
    waiting: usize,
    lost: bool,
    lost_token: Option<CancellationToken>,
}

/// What a try does when its client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Leaving {
    /// It is dropped: it has no claim.
    Drops = 0,
    /// It claims the key or has it, and does as the layer was told.
    AsSaid = 1,
    /// It goes on: the handler is done, and the key is being settled.
    GoesOn = 2,
}

/// How a try has ended, for those that have waited for it.
#[derive(Clone, Debug)]
pub(super) enum Landed {
    /// With this record.
    Record(Bytes),
    /// Without a claim, as the store is out: they run as well.
    Unprotected(StoreErrorKind),
    /// Otherwise: each has to see for itself.
    Gone,
}

impl Flight {
    /// The state is changed in single steps: one that a panic has cut short is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_leaving(&self, leaving: Leaving) {
        self.leaving.store(leaving as u8, Ordering::Relaxed);
    }

    pub(super) fn leaving(&self) -> Leaving {
        match self.leaving.load(Ordering::Relaxed) {
            0 => Leaving::Drops,
            1 => Leaving::AsSaid,
            _ => Leaving::GoesOn,
        }
    }

    /// Ends it, once.
    fn land(&self, landed: impl FnOnce(bool) -> Landed) {
        let mut state = self.state();
        let is_awaited = state.waiting > 0;
        if state.landed.is_none() {
            state.landed = Some(landed(is_awaited));
        }
        drop(state);
        if is_awaited {
            self.changed.notify_waiters();
        }
    }

    /// Waits until it has ended.
    pub(super) async fn landed(&self) -> Landed {
        let _waiting = Waiting::new(self);
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // From here on a notification is not missed.
            changed.as_mut().enable();
            if let Some(landed) = self.state().landed.clone() {
                return landed;
            }
            changed.await;
        }
    }

    /// The claim is lost, or may be: its handler is told. Whether that is news.
    pub(super) fn lose(&self) -> bool {
        let mut state = self.state();
        let is_news = !mem::replace(&mut state.lost, true);
        let token = state.lost_token.clone();
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
        is_news
    }

    pub(super) fn is_lost(&self) -> bool {
        self.state().lost
    }

    /// Made when it is first asked for.
    pub(super) fn lost_token(&self) -> CancellationToken {
        let mut state = self.state();
        let token = state.lost_token.get_or_insert_default().clone();
        let is_lost = state.lost;
        drop(state);
        if is_lost {
            token.cancel();
        }
        token
    }
}

/// One that waits, until it is dropped.
struct Waiting<'a>(&'a Flight);

impl<'a> Waiting<'a> {
    fn new(flight: &'a Flight) -> Self {
        flight.state().waiting += 1;
        Self(flight)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

const SHARDS: usize = 16;

/// The tries that run in this process, by key.
pub(super) struct Flights {
    shards: [Mutex<HashMap<Key, Seated>>; SHARDS],
    count: AtomicUsize,
    most: usize,
    epoch: Instant,
}

#[derive(Debug)]
struct Seated {
    fingerprint: Fingerprint,
    flight: Arc<Flight>,
}

/// What a try finds when it looks for others with its key.
#[derive(Debug)]
pub(super) enum Found {
    /// None: it is the one that asks the store.
    Nobody(Seat),
    /// One for the same. It may be waited for up to the end of its lease, if it has one: who does
    /// not renew that is not in the way of others.
    Other(Arc<Flight>, Option<Instant>),
    /// One for something else, which has been granted the key: what that asks for is what the store
    /// has under it.
    Different,
}

/// The place of the try that asks the store. When it is dropped the others look for themselves.
#[derive(Debug)]
pub(super) struct Seat {
    /// `None` where there was no place, or one that asks for something else has it, and nobody
    /// waits; and once it is left.
    flights: Option<Arc<Flights>>,
    key: Key,
    flight: Arc<Flight>,
}

impl Flights {
    /// At most so many at a time; those beyond it ask the store.
    pub(super) fn new(most: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { shards, count: AtomicUsize::new(0), most, epoch: Instant::now() }
    }

    /// Keys are digests, and this is as good a part of one as any.
    #[expect(clippy::indexing_slicing, reason = "it is less than the number of shards")]
    fn shard(&self, key: &Key) -> MutexGuard<'_, HashMap<Key, Seated>> {
        let [first, ..] = *key.as_bytes();
        let shard = &self.shards[usize::from(first) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(
        self: &Arc<Self>,
        key: Key,
        fingerprint: &Fingerprint,
        flight: &Arc<Flight>,
    ) -> Found {
        let flight = Arc::clone(flight);
        let own = || Seated { fingerprint: *fingerprint, flight: Arc::clone(&flight) };
        match self.shard(&key).entry(key) {
            Entry::Occupied(mut place) => {
                let Seated { fingerprint: theirs, flight: other } = place.get();
                let safe_until = self.safe_until(other);
                if safe_until.is_some_and(|until| until <= Instant::now()) {
                    // The count is of places, and it goes with this one.
                    place.insert(own());
                } else if !theirs.differs_from(fingerprint) {
                    return Found::Other(Arc::clone(other), safe_until);
                } else if safe_until.is_some() {
                    return Found::Different;
                } else {
                    // Which of the two is the wrong one only the store can tell.
                    return Found::Nobody(Seat { flights: None, key, flight });
                }
            }
            Entry::Vacant(place) => {
                if self.count.fetch_add(1, Ordering::Relaxed) >= self.most {
                    self.count.fetch_sub(1, Ordering::Relaxed);
                    return Found::Nobody(Seat { flights: None, key, flight });
                }
                place.insert(own());
            }
        }
        Found::Nobody(Seat { flights: Some(Arc::clone(self)), key, flight })
    }

    /// `None` while it has not been granted the key.
    fn safe_until(&self, flight: &Flight) -> Option<Instant> {
        let millis = flight.safe_until.load(Ordering::Acquire).checked_sub(1)?;
        Some(after(self.epoch, Duration::from_millis(millis)))
    }
}

impl Seat {
    pub(super) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// It has been granted the key, or its lease was renewed.
    pub(super) fn is_safe_until(&self, until: Instant) {
        if let Some(flights) = &self.flights {
            let millis = until.saturating_duration_since(flights.epoch).as_millis();
            let millis = u64::try_from(millis).unwrap_or(u64::MAX).saturating_add(1);
            self.flight.safe_until.store(millis, Ordering::Release);
        }
    }

    /// Hands the record to those that wait.
    pub(super) fn land_with(&mut self, record: &Bytes) {
        let landed = |is_awaited| {
            if is_awaited { Landed::Record(record.clone()) } else { Landed::Gone }
        };
        self.land(landed);
    }

    /// Has the others look for themselves, as the claim is lost, or may be.
    pub(super) fn give_up(&mut self) {
        self.land(|_| Landed::Gone);
    }

    /// Says how it has ended, to which it makes a difference whether anybody waits.
    pub(super) fn land(&mut self, landed: impl FnOnce(bool) -> Landed) {
        // Who begins to wait from here on asks the store.
        self.leave();
        self.flight.land(landed);
    }

    fn leave(&mut self) {
        let Some(flights) = self.flights.take() else { return };
        let mut shard = flights.shard(&self.key);
        match shard.remove(&self.key) {
            Some(seated) if Arc::ptr_eq(&seated.flight, &self.flight) => {
                flights.count.fetch_sub(1, Ordering::Relaxed);
            }
            // Its place has gone to another, with the count of it.
            Some(other) => drop(shard.insert(self.key, other)),
            None => {}
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // One that is left has said how it ended, and for others nobody waits.
        if self.flights.is_some() {
            self.give_up();
        }
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn key(name: &str) -> Key {
        Key::new(&Scope::everybody(), name).unwrap()
    }

    fn fingerprint(of: &'static str) -> Fingerprint {
        Fingerprint::of([of.as_bytes()])
    }

    fn join(flights: &Arc<Flights>, name: &str, of: &'static str) -> Found {
        flights.join(key(name), &fingerprint(of), &Arc::default())
    }

    #[test]
    fn a_key_has_one_seat_at_a_time() {
        let flights = Arc::new(Flights::new(8));
        let Found::Nobody(seat) = join(&flights, "a", "1") else { panic!() };
        assert!(matches!(join(&flights, "a", "1"), Found::Other(..)));
        // Not granted yet: the store says who is wrong, and the seat stays where it is.
        assert!(matches!(join(&flights, "a", "2"), Found::Nobody(_)));
        assert!(matches!(join(&flights, "a", "1"), Found::Other(..)));
        seat.is_safe_until(Instant::now() + Duration::from_secs(3600));
        assert!(matches!(join(&flights, "a", "2"), Found::Different));
        assert!(matches!(join(&flights, "b", "2"), Found::Nobody(_)));
        drop(seat);
        assert!(matches!(join(&flights, "a", "2"), Found::Nobody(_)));
        assert_eq!(flights.count.load(Ordering::Relaxed), 0);
    }

    /// Which it has not left, as nobody polls it.
    #[tokio::test(start_paused = true)]
    async fn the_seat_of_who_does_not_renew_its_lease_is_vacant() {
        let second = Duration::from_secs(1);
        let flights = Arc::new(Flights::new(8));
        let Found::Nobody(first) = join(&flights, "a", "1") else { panic!() };
        let until = Instant::now() + second;
        first.is_safe_until(until);
        let Found::Other(_, Some(ends)) = join(&flights, "a", "1") else { panic!() };
        assert!(ends <= until && ends + second / 100 > until);
        tokio::time::advance(second).await;
        let Found::Nobody(second) = join(&flights, "a", "2") else { panic!() };
        drop(first);
        assert!(matches!(join(&flights, "a", "2"), Found::Other(..)));
        assert_eq!(flights.count.load(Ordering::Relaxed), 1);
        drop(second);
        assert_eq!(flights.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn beyond_the_cap_nobody_is_waited_for() {
        let flights = Arc::new(Flights::new(1));
        let Found::Nobody(_seat) = join(&flights, "a", "1") else { panic!() };
        let Found::Nobody(_beyond) = join(&flights, "b", "1") else { panic!() };
        assert!(matches!(join(&flights, "b", "1"), Found::Nobody(_)));
        assert!(matches!(join(&flights, "a", "1"), Found::Other(..)));
        assert_eq!(flights.count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn who_waits_is_handed_the_record() {
        let flights = Arc::new(Flights::new(8));
        let Found::Nobody(mut seat) = join(&flights, "a", "1") else { panic!() };
        let Found::Other(flight, _) = join(&flights, "a", "1") else { panic!() };
        let record = Bytes::from_static(b"record");
        let mut landed = std::pin::pin!(flight.landed());
        assert!(futures_util::poll!(landed.as_mut()).is_pending());
        seat.land_with(&record);
        assert!(matches!(landed.await, Landed::Record(got) if got == record));
    }

    #[tokio::test]
    async fn who_waits_for_one_that_is_dropped_is_told() {
        let flights = Arc::new(Flights::new(8));
        let Found::Nobody(seat) = join(&flights, "a", "1") else { panic!() };
        let Found::Other(flight, _) = join(&flights, "a", "1") else { panic!() };
        drop(seat);
        assert!(matches!(flight.landed().await, Landed::Gone));
    }

    #[test]
    fn a_token_is_cancelled_whether_made_before_or_after() {
        let flight = Flight::default();
        let before = flight.lost_token();
        assert!(!before.is_cancelled() && !flight.is_lost());
        assert!(flight.lose() && !flight.lose());
        assert!(before.is_cancelled() && flight.is_lost() && flight.lost_token().is_cancelled());
    }
}
