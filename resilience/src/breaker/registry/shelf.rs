use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, fence};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use super::super::core::Apart;
use super::super::{CircuitBreaker, Mode, State};
use super::search::{SAMPLE, Search};

/// A bounded map of breakers, in parts so that threads seldom wait for each other, and so that a
/// few of them can be looked at without the others.
#[derive(Debug)]
pub(super) struct Shelf<K> {
    parts: Box<[Part<K>]>,
    hasher: RandomState,
    capacity: NonZeroUsize,
    len: AtomicUsize,
    search: Mutex<Search>,
    /// How often another key than the last one was asked for. It is written by all threads.
    turn: Apart<AtomicU64>,
}

/// There is one part for so many entries, but within these bounds.
const ENTRIES: usize = SAMPLE;
const LEAST_PARTS: usize = 16;
const MOST_PARTS: usize = 1 << 12;

#[derive(Debug)]
#[repr(align(128))]
struct Part<K>(RwLock<HashMap<K, Entry, RandomState>>);

#[derive(Debug)]
pub(super) struct Entry {
    breaker: CircuitBreaker,
    /// In which turn it was asked for last. No two have the same.
    used: AtomicU64,
}

/// Whether a breaker can be forgotten. The first can rather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Idle,
    /// It was open, and nobody came when that was over.
    Spent,
    Needed,
}

/// Which breaker would have to go. The key is left where it is: to clone and to drop it is up to a
/// user's code, which is not called under a lock.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    need: Need,
    used: u64,
    part: usize,
}

impl<K> Shelf<K> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        let hasher = RandomState::new();
        let part = |_| Part(RwLock::new(HashMap::with_hasher(hasher.clone())));
        let parts = (capacity.get() / ENTRIES).clamp(LEAST_PARTS, MOST_PARTS);
        Self {
            parts: (0..parts).map(part).collect(),
            hasher,
            capacity,
            len: AtomicUsize::new(0),
            search: Mutex::default(),
            turn: Apart(AtomicU64::new(0)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity.get()
    }

    /// `each` is called under a lock.
    pub(super) fn all<T>(&self, mut each: impl FnMut(&K, &CircuitBreaker) -> T) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        for part in &self.parts {
            all.extend(part.read().iter().map(|(key, entry)| each(key, &entry.breaker)));
        }
        all
    }

    /// What could not be forgotten may be by now.
    pub(super) fn search_anew(&self) {
        *self.search.lock().unwrap_or_else(PoisonError::into_inner) = Search::default();
    }
}

impl<K: Eq + Hash> Shelf<K> {
    /// Looks for a breaker, for use.
    pub(super) fn get<Q, T>(&self, key: &Q, found: impl FnOnce(&CircuitBreaker) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let part = self.part(key)?.read();
        let entry = part.get(key)?;
        self.touch(&entry.used);
        Some(found(&entry.breaker))
    }

    /// Looks for a breaker, and leaves no trace.
    pub(super) fn peek<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.part(key)?.read().get(key).map(|entry| entry.breaker.clone())
    }

    /// Keeps a breaker, of which the key is not there, if there is room or some can be made. If
    /// not, `new` is as before. What had to go is returned: it is to be dropped under no lock.
    ///
    /// To be called by one thread at a time, as well as [`Shelf::remove`].
    pub(super) fn put(
        &self,
        new: &mut Option<(K, CircuitBreaker)>,
        mode: Mode,
        now: Instant,
    ) -> Option<(K, Entry)> {
        let is_full = self.len() >= self.capacity();
        let gone = if is_full { self.make_room(mode, now) } else { None };
        if (!is_full || gone.is_some())
            && let Some((key, breaker)) = new.take()
            && let Some(part) = self.part(&key)
        {
            let used = AtomicU64::new(self.turn.0.fetch_add(1, Relaxed) + 1);
            part.write().insert(key, Entry { breaker, used });
            self.len.fetch_add(1, Relaxed);
        }
        gone
    }

    /// What is returned is to be dropped under no lock.
    pub(super) fn remove<Q>(&self, key: &Q) -> Option<(K, Entry)>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let removed = self.part(key)?.write().remove_entry(key)?;
        self.len.fetch_sub(1, Relaxed);
        self.search_anew();
        Some(removed)
    }

    /// Each find that is taken into use before it could be forgotten was a turn of somebody else's,
    /// so that this comes to an end.
    fn make_room(&self, mode: Mode, now: Instant) -> Option<(K, Entry)> {
        let mut search = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        while search.is_worth_it(now) {
            let (candidate, parts, entries) = self.candidate(search.from(), mode, now);
            search.go_on(parts, self.parts.len());
            let Some(Candidate { used, part, .. }) = candidate else {
                search.found_none(entries, self.len(), now);
                return None;
            };
            search.found_one();
            let mut part = self.parts.get(part)?.write();
            // Nobody can get at it now who has not got it yet.
            let is_it = |entry: &Entry| entry.used.load(Relaxed) == used;
            let can_go = |entry: &Entry| is_it(entry) && entry.need(mode, now) < Need::Needed;
            let gone = part.extract_if(|_, entry| can_go(entry)).next();
            if gone.is_some() {
                self.len.fetch_sub(1, Relaxed);
                return gone;
            }
        }
        None
    }

    /// The best of those in some parts, from this one on; and how many parts and entries that were.
    fn candidate(
        &self,
        from: usize,
        mode: Mode,
        now: Instant,
    ) -> (Option<Candidate>, usize, usize) {
        let mut best: Option<Candidate> = None;
        let (mut parts, mut seen) = (0, 0);
        let all = self.parts.iter().enumerate();
        for (index, part) in all.clone().skip(from).chain(all.take(from)) {
            let entries = part.read();
            (parts, seen) = (parts + 1, seen + entries.len());
            for entry in entries.values() {
                let used = entry.used.load(Relaxed);
                // What is asked for less is looked at closer, which takes longer.
                let idle = best.filter(|best| best.need == Need::Idle);
                if idle.is_some_and(|best| best.used < used) {
                    continue;
                }
                let need = entry.need(mode, now);
                let better = best.is_none_or(|it| (need, used) < (it.need, it.used));
                if need < Need::Needed && better {
                    best = Some(Candidate { need, used, part: index });
                }
            }
            if seen >= SAMPLE {
                break;
            }
        }
        (best, parts, seen)
    }

    /// Who asks for the same key again and again changes nothing that others read.
    fn touch(&self, used: &AtomicU64) {
        let turn = &self.turn.0;
        if used.load(Relaxed) != turn.load(Relaxed) {
            used.fetch_max(turn.fetch_add(1, Relaxed) + 1, Relaxed);
        }
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Part<K>> {
        // The map takes the highest and the lowest bits.
        let middle = usize::try_from(self.hasher.hash_one(key) >> 32).ok()?;
        self.parts.get(middle % self.parts.len())
    }
}

impl Entry {
    pub(super) fn into_breaker(self) -> CircuitBreaker {
        self.breaker
    }

    /// `mode` is that of those that nobody has changed by itself.
    fn need(&self, mode: Mode, now: Instant) -> Need {
        // Most that are needed are so at a glance, and to look who has it takes longer.
        if self.need_of_unheld(mode, now) == Need::Needed {
            return Need::Needed;
        }
        self.need_unless(mode, now, |breaker| breaker.stripes().are_held())
    }

    /// What holders do shows before it shows that they are gone, if one looks in that order.
    fn need_unless(
        &self,
        mode: Mode,
        now: Instant,
        are_held: impl FnOnce(&CircuitBreaker) -> bool,
    ) -> Need {
        if are_held(&self.breaker) {
            return Need::Needed;
        }
        // As in the destructor of an `Arc`: what was done before the count went down is seen.
        fence(Acquire);
        self.need_of_unheld(mode, now)
    }

    fn need_of_unheld(&self, mode: Mode, now: Instant) -> Need {
        let core = self.breaker.stripes().core();
        let status = core.status();
        let was_set = status.mode != mode || core.is_set_by_itself();
        if was_set || status.state == State::Open && core.wait(now) > 0 {
            Need::Needed
        } else if status.state == State::Closed {
            Need::Idle
        } else {
            Need::Spent
        }
    }
}

/// What is behind these locks is whole even if a key has panicked while it was compared.
impl<K> Part<K> {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, Entry, RandomState>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, Entry, RandomState>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::Consecutive;
    use crate::classify::Verdict;

    /// A call ends and fails just while it is asked whether somebody has the breaker.
    #[test]
    fn what_the_last_holder_did_is_seen() {
        let builder = CircuitBreaker::builder("host").trip(Consecutive::failures(1));
        let entry = Entry { breaker: builder.build().unwrap(), used: AtomicU64::new(0) };
        let now = entry.breaker.stripes().core().now();
        assert_eq!(entry.need(Mode::Auto, now), Need::Idle);
        let permit = entry.breaker.try_acquire().unwrap();
        assert_eq!(entry.need(Mode::Auto, now), Need::Needed);
        let need = entry.need_unless(Mode::Auto, now, |breaker| {
            permit.finish(Verdict::failure());
            breaker.stripes().are_held()
        });
        assert_eq!(need, Need::Needed);
    }
}
