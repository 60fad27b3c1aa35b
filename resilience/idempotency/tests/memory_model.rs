//! The store in memory against the table in the documentation of `Store`, written down slowly.

#![cfg(test)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use mainstay_core::ManualClock;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, MemoryStore, Nonce, Renewal, Scope, Store,
    StoreErrorKind,
};
use proptest::prelude::*;

const MAX_KEYS: usize = 3;
const MAX_BYTES: usize = 8;

#[derive(Clone, Debug)]
enum Step {
    Claim { key: u8, who: u8, asks: u8, lease: u64, keep: u64, takes_over: bool },
    Complete { grant: usize, record: Vec<u8>, keep: u64 },
    Release { grant: usize },
    Renew { grant: usize, lease: u64 },
    Pass { time: u64 },
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    // From 0, as a store has to take it, to what lasts over several steps.
    let time = || 0..60_u64;
    let grant = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    prop_oneof![
        6 => (0..5_u8, 0..3_u8, 0..3_u8, time(), time(), any::<bool>()).prop_map(
            |(key, who, asks, lease, keep, takes_over)| {
                Step::Claim { key, who, asks, lease, keep, takes_over }
            }
        ),
        3 => (grant(), prop::collection::vec(any::<u8>(), 0..6), time())
            .prop_map(|(grant, record, keep)| Step::Complete { grant, record, keep }),
        1 => grant().prop_map(|grant| Step::Release { grant }),
        2 => (grant(), time()).prop_map(|(grant, lease)| Step::Renew { grant, lease }),
        3 => time().prop_map(|time| Step::Pass { time }),
        1 => Just(Step::Sweep),
    ]
}

/// What is known of a key; times in milliseconds.
#[derive(Clone, Debug)]
struct Known {
    held: Held,
    asks: Fingerprint,
    lease_ends: u64,
    keep: u64,
    expires: u64,
    record: Option<Bytes>,
}

#[derive(Default)]
struct Model {
    now: u64,
    keys: HashMap<Key, Known>,
    fences: HashMap<Key, u64>,
}

impl Model {
    /// Forgets all that has expired: to the model there is no such thing.
    fn pass(&mut self, time: u64) {
        self.now += time;
        let now = self.now;
        self.keys.retain(|_, known| known.expires > now);
    }

    fn bytes(&self) -> usize {
        self.keys.values().filter_map(|known| known.record.as_ref()).map(Bytes::len).sum()
    }

    /// `None`: it is to be granted, with this as whether it takes over.
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, bool> {
        let now = self.now;
        let Some(known) = self.keys.get_mut(&claim.key) else { return Err(false) };
        if known.asks.differs_from(&claim.fingerprint) {
            return Ok(Claimed::Reused);
        }
        if let Some(record) = &known.record {
            return Ok(Claimed::Completed(record.clone()));
        }
        if known.held.nonce == claim.nonce {
            known.keep = millis(claim.keep);
            known.lease(millis(claim.lease), now);
            return Ok(Claimed::First(known.held));
        }
        match known.lease_ends.saturating_sub(now) {
            0 if claim.takes_over => Err(true),
            0 => Ok(Claimed::Abandoned),
            left => Ok(Claimed::Running { left: Duration::from_millis(left) }),
        }
    }

    fn grant(&mut self, claim: &Claim, held: Held) {
        let last = self.fences.insert(claim.key, held.fence.get());
        assert!(last < Some(held.fence.get()), "{held:?} after {last:?}");
        let mut known = Known {
            held,
            asks: claim.fingerprint,
            lease_ends: 0,
            keep: millis(claim.keep),
            expires: 0,
            record: None,
        };
        known.lease(millis(claim.lease), self.now);
        self.keys.insert(claim.key, known);
    }

    fn holder(&mut self, held: &Held) -> Option<&mut Known> {
        let is_held =
            |known: &Known| (known.held.nonce, known.held.fence) == (held.nonce, held.fence);
        self.keys.get_mut(&held.key).filter(|known| is_held(known))
    }

    fn complete(&mut self, held: &Held, record: &Bytes, keep: u64) -> Completion {
        let now = self.now;
        if let Some(known) = self.holder(held) {
            if known.record.is_none() {
                known.record = Some(record.clone());
                known.expires = now + keep.max(1);
            }
            return Completion::Stored;
        }
        Completion::Lost(self.keys.get(&held.key).and_then(|known| known.record.clone()))
    }

    fn release(&mut self, held: &Held) {
        if self.holder(held).is_some_and(|known| known.record.is_none()) {
            self.keys.remove(&held.key);
        }
    }

    fn renew(&mut self, held: &Held, lease: u64) -> Renewal {
        let now = self.now;
        match self.holder(held).filter(|known| known.record.is_none()) {
            Some(known) => {
                known.lease(lease, now);
                Renewal::Renewed
            }
            None => Renewal::Lost,
        }
    }
}

impl Known {
    fn lease(&mut self, lease: u64, now: u64) {
        self.lease_ends = now + lease.max(1);
        self.expires = self.lease_ends.max(now + self.keep);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

/// The store and the model, side by side.
struct Pair {
    clock: ManualClock,
    store: MemoryStore,
    model: Model,
    /// All that was ever granted: stale holders go on with what they have.
    grants: Vec<Held>,
    nonces: [Nonce; 3],
}

impl Pair {
    fn new() -> Self {
        let clock = ManualClock::new();
        let limit = |limit| NonZeroUsize::new(limit).unwrap();
        let store = MemoryStore::builder()
            .clock(clock.clone())
            .max_keys(limit(MAX_KEYS))
            .max_bytes(limit(MAX_BYTES))
            .build();
        let nonces = [(); 3].map(|()| Nonce::unique());
        Self { clock, store, model: Model::default(), grants: Vec::new(), nonces }
    }

    fn claim(&mut self, claim: &Claim) {
        let is_full = self.model.keys.len() >= MAX_KEYS || self.model.bytes() >= MAX_BYTES;
        let answer = self.store.claim(claim).now_or_never().unwrap();
        match self.model.claim(claim) {
            Ok(expected) => assert_eq!(answer.unwrap(), expected),
            Err(false) if is_full => assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Full),
            Err(taken_over) => {
                let Claimed::First(held) = answer.unwrap() else { panic!("it is free") };
                let Claim { key, nonce, .. } = *claim;
                assert_eq!(held, Held { key, nonce, fence: held.fence, taken_over });
                self.model.grant(claim, held);
                self.grants.push(held);
            }
        }
    }

    fn step(&mut self, step: Step) {
        let granted = |grants: &[Held], at: usize| grants.get(at % grants.len().max(1)).copied();
        match step {
            Step::Claim { key, who, asks, lease, keep, takes_over } => {
                let key = Key::new(&Scope::everybody(), &key.to_string()).unwrap();
                let nonce = self.nonces[usize::from(who)];
                let (lease, keep) = (Duration::from_millis(lease), Duration::from_millis(keep));
                let fingerprint = asked(asks);
                self.claim(&Claim { key, fingerprint, nonce, lease, keep, takes_over });
            }
            Step::Complete { grant, record, keep } => {
                let Some(held) = granted(&self.grants, grant) else { return };
                let record = Bytes::from(record);
                let expected = self.model.complete(&held, &record, keep);
                let keep = Duration::from_millis(keep);
                let answer = self.store.complete(&held, record, keep).now_or_never().unwrap();
                assert_eq!(answer.unwrap(), expected);
            }
            Step::Release { grant } => {
                let Some(held) = granted(&self.grants, grant) else { return };
                self.model.release(&held);
                self.store.release(&held).now_or_never().unwrap().unwrap();
            }
            Step::Renew { grant, lease } => {
                let Some(held) = granted(&self.grants, grant) else { return };
                let expected = self.model.renew(&held, lease);
                let lease = Duration::from_millis(lease);
                let answer = self.store.renew(&held, lease).now_or_never().unwrap();
                assert_eq!(answer.unwrap(), expected);
            }
            Step::Pass { time } => {
                self.clock.advance(Duration::from_millis(time));
                self.model.pass(time);
            }
            Step::Sweep => {
                self.store.sweep();
                assert_eq!(self.store.len(), self.model.keys.len());
                assert_eq!(self.store.bytes(), self.model.bytes());
            }
        }
        assert!((self.model.keys.len()..=MAX_KEYS).contains(&self.store.len()));
    }
}

/// Two that differ, and one of another release, which differs from none.
fn asked(what: u8) -> Fingerprint {
    let mut bytes = Fingerprint::of([&[what][..]]).to_bytes();
    if what == 2 {
        bytes[0] = 200;
    }
    Fingerprint::from_bytes(&bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_store_does_what_the_table_says(steps in prop::collection::vec(step(), 0..120)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.step(step);
        }
        pair.step(Step::Pass { time: 1000 });
        pair.step(Step::Sweep);
        prop_assert!(pair.store.is_empty());
    }
}
