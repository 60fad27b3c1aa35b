use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use super::super::{CircuitBreaker, Mode, State};

/// A bounded map of breakers, in parts so that threads seldom wait for each other.
#[derive(Debug)]
pub(super) struct Shelf<K> {
    parts: [Part<K>; PARTS],
    hasher: RandomState,
    capacity: NonZeroUsize,
    len: AtomicUsize,
    /// How often another key than the last one was asked for.
    turn: AtomicU64,
}

const PARTS: usize = 16;

#[derive(Debug)]
#[repr(align(128))]
struct Part<K>(RwLock<HashMap<K, Entry, RandomState>>);

#[derive(Debug)]
pub(super) struct Entry {
    breaker: CircuitBreaker,
    /// In which turn it was asked for last.
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

/// Which breaker would have to go.
struct Candidate<K> {
    need: Need,
    used: u64,
    key: K,
}

impl<K> Shelf<K> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        let hasher = RandomState::new();
        let part = |_| Part(RwLock::new(HashMap::with_hasher(hasher.clone())));
        Self {
            parts: std::array::from_fn(part),
            hasher,
            capacity,
            len: AtomicUsize::new(0),
            turn: AtomicU64::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity.get()
    }

    pub(super) fn all<T>(&self, mut each: impl FnMut(&K, &CircuitBreaker) -> T) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        for part in &self.parts {
            all.extend(part.read().iter().map(|(key, entry)| each(key, &entry.breaker)));
        }
        all
    }
}

impl<K: Clone + Eq + Hash> Shelf<K> {
    /// Looks for a breaker, for use.
    pub(super) fn get<Q, T>(&self, key: &Q, found: impl FnOnce(&CircuitBreaker) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let part = self.part(key).read();
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
        self.part(key).read().get(key).map(|entry| entry.breaker.clone())
    }

    /// Keeps a breaker, if there is room or some can be made, and there is none of this key. What
    /// is returned is to be used for the key; what had to go is left in `gone`.
    ///
    /// To be called by one thread at a time, as well as [`Shelf::remove`].
    pub(super) fn put(
        &self,
        key: &K,
        breaker: CircuitBreaker,
        mode: Mode,
        now: Instant,
        gone: &mut Option<(K, Entry)>,
    ) -> CircuitBreaker {
        if let Some(other) = self.get(key, CircuitBreaker::clone) {
            return other;
        }
        if self.len() >= self.capacity() {
            *gone = self.make_room(mode, now);
            if gone.is_none() {
                return breaker;
            }
        }
        let used = AtomicU64::new(self.turn.fetch_add(1, Relaxed) + 1);
        let entry = Entry { breaker: breaker.clone(), used };
        self.part(key).write().insert(key.clone(), entry);
        self.len.fetch_add(1, Relaxed);
        breaker
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.part(key).write().remove(key)?;
        self.len.fetch_sub(1, Relaxed);
        Some(entry.breaker)
    }

    /// Each find that is taken into use before it could be forgotten was a turn of somebody else's,
    /// so that this comes to an end.
    fn make_room(&self, mode: Mode, now: Instant) -> Option<(K, Entry)> {
        loop {
            let Candidate { key, .. } = self.candidate(mode, now)?;
            let mut part = self.part(&key).write();
            // Nobody can get at it now who has not got it yet.
            if part.get(&key).is_some_and(|entry| entry.need(mode, now) < Need::Needed) {
                let gone = part.remove_entry(&key);
                self.len.fetch_sub(1, Relaxed);
                return gone;
            }
        }
    }

    fn candidate(&self, mode: Mode, now: Instant) -> Option<Candidate<K>> {
        let mut best: Option<Candidate<K>> = None;
        for part in &self.parts {
            for (key, entry) in part.read().iter() {
                let used = entry.used.load(Relaxed);
                // What is asked for less is looked at closer, which takes longer.
                let idle = best.as_ref().filter(|best| best.need == Need::Idle);
                if idle.is_some_and(|best| best.used < used) {
                    continue;
                }
                let need = entry.need(mode, now);
                let better = best.as_ref().is_none_or(|it| (need, used) < (it.need, it.used));
                if need < Need::Needed && better {
                    best = Some(Candidate { need, used, key: key.clone() });
                }
            }
        }
        best
    }

    /// Who asks for the same key again and again changes nothing that others read.
    fn touch(&self, used: &AtomicU64) {
        if used.load(Relaxed) != self.turn.load(Relaxed) {
            used.fetch_max(self.turn.fetch_add(1, Relaxed) + 1, Relaxed);
        }
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &Part<K> {
        let [first, ..] = &self.parts;
        // The map takes the highest and the lowest bits.
        let middle = self.hasher.hash_one(key) >> 32;
        usize::try_from(middle).ok().and_then(|it| self.parts.get(it % PARTS)).unwrap_or(first)
    }
}

impl Entry {
    /// `mode` is that of those that nobody has changed by itself.
    fn need(&self, mode: Mode, now: Instant) -> Need {
        let status = self.breaker.status();
        let stripes = self.breaker.stripes();
        let waits = || status.state == State::Open && stripes.core().wait(now) > 0;
        if status.mode != mode || stripes.are_held() || waits() {
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
