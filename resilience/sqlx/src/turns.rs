use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mainstay_idempotency::Key;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many tries may wait at once, for one key or for many.
const MOST_WAITING: usize = 4096;

/// One try at a time for each key, first come, first served.
///
/// The database sees to that by itself. But a try that waits there has a connection of the pool,
/// and enough of them would leave none for the one that they wait for.
#[derive(Clone, Debug, Default)]
#[expect(unnameable_types, reason = "it is seen in a trait that is sealed")]
pub struct Turns(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    keys: HashMap<Key, Place>,
    waiting: usize,
}

#[derive(Debug)]
struct Place {
    gate: Arc<Semaphore>,
    /// How many have the turn or wait for it. With the last of them the place goes.
    users: usize,
}

/// That it is this try's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
    _user: User,
}

/// What came of waiting for one.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is this one's.
    Turn(Turn),
    /// It was another's until the limit.
    Late,
    /// Too many wait already.
    Crowded,
}

impl Turns {
    pub(crate) async fn take(&self, key: Key, limit: Duration) -> Taken {
        let Some((user, gate)) = self.enter(key) else { return Taken::Crowded };
        let waited = match Arc::clone(&gate).try_acquire_owned() {
            Ok(permit) => Ok(Ok(permit)),
            Err(_) => timeout(limit, gate.acquire_owned()).await,
        };
        match waited {
            Ok(Ok(permit)) => Taken::Turn(Turn { _permit: permit, _user: user }),
            // Nobody closes it.
            Ok(Err(_)) | Err(_) => Taken::Late,
        }
    }

    fn enter(&self, key: Key) -> Option<(User, Arc<Semaphore>)> {
        let mut places = self.lock();
        if places.waiting >= MOST_WAITING {
            return None;
        }
        places.waiting += 1;
        let place = places
            .keys
            .entry(key)
            .or_insert_with(|| Place { gate: Arc::new(Semaphore::new(1)), users: 0 });
        place.users += 1;
        let gate = Arc::clone(&place.gate);
        drop(places);
        Some((User { turns: self.clone(), key }, gate))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who has the turn or waits for it.
#[derive(Debug)]
struct User {
    turns: Turns,
    key: Key,
}

impl Drop for User {
    fn drop(&mut self) {
        let mut places = self.turns.lock();
        places.waiting = places.waiting.saturating_sub(1);
        if let Entry::Occupied(mut place) = places.keys.entry(self.key) {
            place.get_mut().users -= 1;
            if place.get().users == 0 {
                place.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(10);

    fn key(number: u8) -> Key {
        Key::from_bytes([number; 32])
    }

    #[tokio::test]
    async fn one_at_a_time_for_each_key() {
        let turns = Turns::default();
        let Taken::Turn(first) = turns.take(key(1), LIMIT).await else { panic!() };
        assert!(matches!(turns.take(key(1), LIMIT).await, Taken::Late));
        let Taken::Turn(_other) = turns.take(key(2), LIMIT).await else { panic!() };
        let waits = turns.clone();
        let next = tokio::spawn(async move { waits.take(key(1), Duration::from_mins(1)).await });
        tokio::task::yield_now().await;
        drop(first);
        let Taken::Turn(next) = next.await.unwrap() else { panic!() };
        assert_eq!(turns.lock().waiting, 2);
        drop(next);
        assert_eq!(turns.lock().keys.len(), 1);
    }

    #[tokio::test]
    async fn not_too_many_wait() {
        let turns = Turns::default();
        turns.lock().waiting = MOST_WAITING;
        assert!(matches!(turns.take(key(1), LIMIT).await, Taken::Crowded));
        assert!(turns.lock().keys.is_empty());
    }
}
