//! What the store in memory costs, and that it stays within its limits under many threads.

#![cfg(test)]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::FutureExt;
use mainstay_core::ManualClock;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, MemoryStore, Nonce, Renewal, Scope, Store,
    StoreError, StoreErrorKind,
};

const LEASE: Duration = Duration::from_secs(30);
const KEEP: Duration = Duration::from_secs(3600);

fn claim(key: usize) -> Claim {
    Claim {
        key: Key::new(&Scope::everybody(), &key.to_string()).unwrap(),
        fingerprint: Fingerprint::of([]),
        nonce: Nonce::unique(),
        lease: LEASE,
        keep: KEEP,
        takes_over: true,
    }
}

fn now<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    answer.now_or_never().expect("nothing in memory is waited for")
}

fn first(store: &MemoryStore, claim: &Claim) -> Held {
    let Claimed::First(held) = now(store.claim(claim)).unwrap() else { panic!("it is taken") };
    held
}

fn store(clock: &ManualClock, max_keys: usize) -> MemoryStore {
    let max_keys = NonZeroUsize::new(max_keys).unwrap();
    MemoryStore::builder().clock(clock.clone()).max_keys(max_keys).build()
}

/// Once its maps are as large as they get, no call allocates: not even for a key that is new.
#[test]
fn calls_allocate_nothing() {
    let store = MemoryStore::new();
    let round = |from: usize| {
        for key in from..from + 500 {
            let claim = claim(key);
            let held = first(&store, &claim);
            let _ = now(store.renew(&held, LEASE)).unwrap();
            now(store.release(&held)).unwrap();
        }
    };
    for _ in 0..10 {
        round(0);
    }
    // The numbers are made into text.
    let text = measure(|| {
        for key in 500..1000 {
            claim(key);
        }
    });
    assert_eq!(measure(|| round(500)).count_total, text.count_total);

    let done = claim(0);
    let held = first(&store, &done);
    let record = Bytes::from_static(b"done");
    let replays = measure(|| {
        assert_eq!(now(store.complete(&held, record, KEEP)).unwrap(), Completion::Stored);
        for _ in 0..100 {
            assert!(matches!(now(store.claim(&done)), Ok(Claimed::Completed(_))));
        }
    });
    assert_eq!(replays.count_total, 0);
}

/// Keys that come and go leave nothing behind, whether they are released, completed for less time
/// than they were claimed for, or taken over again and again.
#[test]
fn what_is_gone_takes_no_memory() {
    let clock = ManualClock::new();
    let store = store(&clock, 100_000);
    let round = |keys: std::ops::Range<usize>| {
        for key in keys {
            let claim = claim(key);
            let held = first(&store, &claim);
            if key % 2 == 0 {
                now(store.release(&held)).unwrap();
            } else {
                let brief = Duration::from_millis(1);
                now(store.complete(&held, Bytes::from_static(b"done"), brief)).unwrap();
                clock.advance(brief);
            }
            let again = Claim { lease: Duration::ZERO, ..self::claim(0) };
            first(&store, &again);
            clock.advance(Duration::from_millis(1));
        }
    };
    round(1..1000);
    let allocated = measure(|| round(1000..20_000));
    assert!(allocated.bytes_max < 64 << 10, "{} bytes at a time", allocated.bytes_max);
    assert!(store.len() < 100, "{} keys are left", store.len());
}

/// Maps that grow are there twice for a moment.
#[test]
fn a_key_takes_less_than_a_kibibyte() {
    let store = MemoryStore::new();
    for keys in [1_000, 5_000, 20_000] {
        let allocated = measure(|| {
            for key in store.len()..keys {
                first(&store, &claim(key));
            }
        });
        assert!(allocated.bytes_max < (keys as u64) << 10, "{} bytes", allocated.bytes_max);
    }
}

/// A store that is full refuses new keys and goes on with those that it has, until one of them
/// expires, wherever it is.
#[test]
fn at_its_cap_it_refuses_new_keys() {
    let clock = ManualClock::new();
    let store = store(&clock, 64);
    let held: Vec<_> = (0..64).map(|key| first(&store, &claim(key))).collect();
    let refused = |key| now(store.claim(&claim(key))).unwrap_err().kind();
    assert_eq!(refused(64), StoreErrorKind::Full);
    for (key, held) in held.iter().enumerate() {
        assert!(matches!(now(store.claim(&claim(key))), Ok(Claimed::Running { .. })));
        assert_eq!(now(store.renew(held, LEASE)).unwrap(), Renewal::Renewed);
    }
    // Taking over takes no room.
    clock.advance(LEASE);
    let taken = first(&store, &claim(0));
    assert!(taken.taken_over);
    assert_eq!(refused(64), StoreErrorKind::Full);

    for key in 64..128 {
        let one = if key == 64 { &taken } else { &held[key - 64] };
        let brief = Duration::from_secs(1);
        assert_eq!(now(store.complete(one, Bytes::new(), brief)).unwrap(), Completion::Stored);
        assert_eq!(refused(key), StoreErrorKind::Full);
        clock.advance(brief);
        first(&store, &claim(key));
        assert_eq!(store.len(), 64);
    }
}

/// Records count by their bytes, and what a claim that was granted has done is stored even so.
#[test]
fn at_its_cap_of_bytes_it_refuses_new_keys() {
    let clock = ManualClock::new();
    let max_bytes = NonZeroUsize::new(1000).unwrap();
    let store = MemoryStore::builder().clock(clock.clone()).max_bytes(max_bytes).build();
    let held = [0, 1, 2].map(|key| first(&store, &claim(key)));
    for (one, keep) in held.iter().zip([3, 2, 1]) {
        let record = Bytes::from(vec![0; 500]);
        let keep = Duration::from_secs(keep);
        assert_eq!(now(store.complete(one, record, keep)).unwrap(), Completion::Stored);
    }
    let refused = |key| now(store.claim(&claim(key))).unwrap_err().kind();
    assert_eq!((store.bytes(), refused(3)), (1500, StoreErrorKind::Full));
    clock.advance(Duration::from_secs(1));
    assert_eq!(refused(3), StoreErrorKind::Full);
    clock.advance(Duration::from_secs(1));
    first(&store, &claim(3));
    assert_eq!(store.bytes(), 500);
}

/// However much has expired, a claim that finds no room removes a part of it, and no more.
#[test]
fn no_claim_clears_away_all_that_has_expired() {
    let clock = ManualClock::new();
    let max_bytes = NonZeroUsize::new(2 * EXPIRED).unwrap();
    let store = MemoryStore::builder().clock(clock.clone()).max_bytes(max_bytes).build();
    let large = first(&store, &claim(EXPIRED));
    for key in 0..EXPIRED {
        let held = first(&store, &claim(key));
        assert_eq!(
            now(store.complete(&held, Bytes::from_static(b"1"), LEASE)).unwrap(),
            Completion::Stored
        );
    }
    // One that was granted comes on top.
    let record = Bytes::from(vec![0; 2 * EXPIRED - EXPIRED / 4]);
    assert_eq!(now(store.complete(&large, record, KEEP)).unwrap(), Completion::Stored);
    clock.advance(LEASE);

    let mut refused = 0;
    loop {
        let before = store.len();
        let answer = now(store.claim(&claim(EXPIRED + 1)));
        assert!(before - store.len() < 2100, "{} were removed", before - store.len());
        match answer {
            Ok(Claimed::First(_)) => break,
            answer => assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Full),
        }
        refused += 1;
    }
    assert!((2..5).contains(&refused), "{refused} claims were refused");
}

/// A record that looks at its store when it is freed.
struct Looks {
    store: Arc<MemoryStore>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    freed: AtomicUsize,
    /// The most that were removed and not freed.
    in_hand: AtomicUsize,
    is_free: OnceLock<bool>,
}

const LIVE: usize = 200;
const EXPIRED: usize = 10_000;

impl AsRef<[u8]> for Looks {
    fn as_ref(&self) -> &[u8] {
        b"done"
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        let Self { store, seen } = self;
        let freed = seen.freed.fetch_add(1, Ordering::SeqCst);
        let in_hand = LIVE + EXPIRED - store.len() - freed;
        seen.in_hand.fetch_max(in_hand, Ordering::SeqCst);
        if freed > 0 {
            return;
        }
        let (store, (asked, answered)) = (store.clone(), channel());
        std::thread::spawn(move || {
            // They are in all parts of the store.
            for key in 0..LIVE {
                assert!(matches!(now(store.claim(&claim(key))), Ok(Claimed::Running { .. })));
            }
            let _ = asked.send(());
        });
        let is_free = answered.recv_timeout(Duration::from_secs(10)).is_ok();
        seen.is_free.set(is_free).unwrap();
    }
}

/// Removing what has expired is in nobody's way: it is done in parts, and what is removed is freed
/// when others have their turn.
#[test]
fn a_store_is_used_while_it_is_swept() {
    let clock = ManualClock::new();
    let store = Arc::new(store(&clock, LIVE + EXPIRED));
    let seen = Arc::new(Seen::default());
    for key in 0..LIVE {
        first(&store, &Claim { lease: KEEP, ..claim(key) });
    }
    for key in LIVE..LIVE + EXPIRED {
        let held = first(&store, &claim(key));
        let record = Bytes::from_owner(Looks { store: store.clone(), seen: seen.clone() });
        assert_eq!(now(store.complete(&held, record, LEASE)).unwrap(), Completion::Stored);
    }
    clock.advance(LEASE);
    assert!(store.sweep() > EXPIRED / 2);
    assert_eq!((store.len(), seen.freed.load(Ordering::SeqCst)), (LIVE, EXPIRED));
    assert_eq!(seen.is_free.get(), Some(&true), "who frees what is removed holds others up");
    let in_hand = seen.in_hand.load(Ordering::SeqCst);
    assert!(in_hand <= 128, "{in_hand} keys were removed and not freed");
}

/// What lasts for ever, or no time at all, is no reason to panic.
#[test]
fn durations_have_no_limits() {
    let clock = ManualClock::new();
    let store = store(&clock, 10);
    for lease in [Duration::ZERO, Duration::MAX] {
        for keep in [Duration::ZERO, Duration::MAX] {
            let claim = Claim { lease, keep, ..claim(0) };
            let held = first(&store, &claim);
            now(store.renew(&held, lease)).unwrap();
            now(store.release(&held)).unwrap();
            let held = first(&store, &claim);
            now(store.complete(&held, Bytes::new(), keep)).unwrap();
            clock.advance(Duration::from_millis(1));
            assert_eq!(store.sweep(), usize::from(keep.is_zero()));
            // For ever is a century.
            clock.advance(Duration::from_secs(100 * 366 * 24 * 3600));
            assert_eq!(store.sweep(), usize::from(!keep.is_zero()));
        }
    }
}

/// Threads claim, complete, renew and release the same keys while leases end under them: of each
/// key there is one completion, one record, and no fence twice.
#[test]
fn threads_agree_on_what_was_done() {
    const KEYS: usize = 200;
    const THREADS: usize = 4;
    let clock = ManualClock::new();
    let store = store(&clock, KEYS);
    let (ended, log) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                let (store, log) = (&store, &log);
                scope.spawn(move || {
                    for turn in 0..KEYS * 20 {
                        work_on(store, (turn * (worker * 2 + 1)) % KEYS, turn + worker, log);
                    }
                })
            })
            .collect();
        let ticks = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                clock.advance(LEASE / 7);
                std::thread::yield_now();
            }
        });
        for worker in workers {
            worker.join().unwrap();
        }
        ended.store(true, Ordering::Relaxed);
        ticks.join().unwrap();
    });

    let log = log.into_inner().unwrap();
    let mut granted: Vec<_> =
        log.iter().map(|done| (done.held.key.to_string(), done.held.fence)).collect();
    granted.sort_unstable();
    granted.dedup();
    assert_eq!(granted.len(), log.len(), "a fence was given twice");
    for key in 0..KEYS {
        let claim = claim(key);
        let stored: Vec<_> =
            log.iter().filter(|done| done.held.key == claim.key && done.stored).collect();
        match now(store.claim(&claim)).unwrap() {
            Claimed::Completed(record) => {
                assert_eq!(stored.len(), 1);
                assert_eq!(record, stored[0].held.fence.to_string());
            }
            _ => assert!(stored.is_empty()),
        }
    }
    assert!(log.iter().any(|done| done.held.taken_over) && store.len() <= KEYS);
}

struct Done {
    held: Held,
    stored: bool,
}

fn work_on(store: &MemoryStore, key: usize, turn: usize, log: &Mutex<Vec<Done>>) {
    // Nothing is forgotten before all threads are done.
    let claim = Claim { keep: Duration::MAX, ..claim(key) };
    let Claimed::First(held) = now(store.claim(&claim)).unwrap() else { return };
    std::thread::yield_now();
    let stored = match turn % 4 {
        0 => {
            let record = Bytes::from(held.fence.to_string());
            now(store.complete(&held, record, Duration::MAX)).unwrap() == Completion::Stored
        }
        1 => {
            now(store.release(&held)).unwrap();
            false
        }
        2 => {
            let _ = now(store.renew(&held, LEASE)).unwrap();
            false
        }
        _ => false,
    };
    log.lock().unwrap().push(Done { held, stored });
}
