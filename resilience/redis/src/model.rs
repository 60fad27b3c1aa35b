//! The scripts against the store in memory, which has nothing in common with them but the table in
//! the documentation of [`Store`].

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use mainstay_core::ManualClock;
use mainstay_idempotency::{
    Claim, Claimed, Fence, Fingerprint, Held, Key, MemoryStore, Nonce, Store,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::cmd;

use crate::argument::name;
use crate::rig::{Managed, Server, right};

/// In it nothing passes but what the test lets pass, however slow the machine: all times are
/// multiples of it, from one to some.
const UNIT: Duration = Duration::from_secs(600);

#[derive(Clone, Debug)]
enum Step {
    Claim { key: u8, who: u8, asks: u8, lease: u32, keep: u32, takes_over: bool },
    Complete { grant: usize, record: Vec<u8>, keep: u32 },
    Release { grant: usize },
    Renew { grant: usize, lease: u32 },
    Pass { time: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let time = || 1..6_u32;
    let grant = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    prop_oneof![
        5 => (0..2_u8, 0..3_u8, 0..6_u8, time(), time(), any::<bool>()).prop_map(
            |(key, who, asks, lease, keep, takes_over)| {
                Step::Claim { key, who, asks: asks / 5, lease, keep, takes_over }
            }
        ),
        2 => (grant(), prop::collection::vec(any::<u8>(), 0..6), time())
            .prop_map(|(grant, record, keep)| Step::Complete { grant, record, keep }),
        1 => grant().prop_map(|grant| Step::Release { grant }),
        2 => (grant(), time()).prop_map(|(grant, lease)| Step::Renew { grant, lease }),
        2 => time().prop_map(|time| Step::Pass { time }),
    ]
}

fn key(number: u8) -> Key {
    Key::from_bytes([number; 32])
}

/// The two, and what each has granted.
struct Pair<'a> {
    server: &'a Server,
    redis: &'a Managed,
    memory: MemoryStore,
    clock: ManualClock,
    grants: Vec<(Held, Held)>,
    fences: HashMap<(Key, Fence), Fence>,
}

impl<'a> Pair<'a> {
    async fn new(server: &'a Server, redis: &'a Managed) -> Self {
        cmd("FLUSHALL").exec_async(&mut server.connection().await).await.unwrap();
        let clock = ManualClock::new();
        let memory = MemoryStore::builder().clock(clock.clone()).build();
        Self { server, redis, memory, clock, grants: Vec::new(), fences: HashMap::new() }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Claim { key: number, who, asks, lease, keep, takes_over } => {
                let claim = Claim {
                    key: key(number),
                    fingerprint: Fingerprint::of([&[asks][..]]),
                    nonce: Nonce::from_bytes([who; 16]),
                    lease: UNIT * lease,
                    keep: UNIT * keep,
                    takes_over,
                };
                let modelled = self.memory.claim(&claim).await.unwrap();
                self.is_the_same(&modelled, &self.redis.claim(&claim).await.unwrap());
            }
            Step::Complete { grant, ref record, keep } => {
                let Some((modelled, held)) = self.grant(grant) else { return };
                let (record, keep) = (Bytes::from(record.clone()), UNIT * keep);
                let modelled = self.memory.complete(&modelled, record.clone(), keep).await;
                let completed = self.redis.complete(&held, record, keep).await;
                assert_eq!(completed.unwrap(), modelled.unwrap());
            }
            Step::Release { grant } => {
                let Some((modelled, held)) = self.grant(grant) else { return };
                self.memory.release(&modelled).await.unwrap();
                self.redis.release(&held).await.unwrap();
            }
            Step::Renew { grant, lease } => {
                let Some((modelled, held)) = self.grant(grant) else { return };
                let modelled = self.memory.renew(&modelled, UNIT * lease).await.unwrap();
                assert_eq!(self.redis.renew(&held, UNIT * lease).await.unwrap(), modelled);
            }
            Step::Pass { time } => self.pass(UNIT * time).await,
        }
    }

    fn grant(&self, of: usize) -> Option<(Held, Held)> {
        self.grants.get(of % self.grants.len().max(1)).copied()
    }

    /// Lets time pass: on the calendar of the scripts, and for what expires.
    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.server.step(-i64::try_from(time.as_micros()).unwrap()).await;
        let mut connection = self.server.connection().await;
        for number in 0..2 {
            let name = name(Managed::PREFIX, &key(number));
            let left: i64 = cmd("PTTL").arg(&name).query_async(&mut connection).await.unwrap();
            // Negative where there is nothing. What has less than nothing left is removed.
            if left > 0 {
                let left = left - i64::try_from(time.as_millis()).unwrap();
                let mut expire = cmd("PEXPIRE");
                expire.arg(&name).arg(left).exec_async(&mut connection).await.unwrap();
            }
        }
    }

    fn is_the_same(&mut self, modelled: &Claimed, claimed: &Claimed) {
        match (modelled, claimed) {
            (Claimed::First(modelled), Claimed::First(held)) => self.is_granted(modelled, held),
            (Claimed::Running { left: modelled }, Claimed::Running { left }) => {
                assert!(*left <= *modelled && *left + UNIT / 2 > *modelled, "{left:?}");
            }
            _ => assert_eq!(claimed, modelled),
        }
    }

    /// What is the same grant to the one is to the other, and each new one has a higher fence.
    fn is_granted(&mut self, modelled: &Held, held: &Held) {
        assert_eq!(held.taken_over, modelled.taken_over);
        let highest = self.grants.iter().map(|(_, held)| held);
        let highest = highest.filter(|before| before.key == held.key).map(|held| held.fence).max();
        match self.fences.insert((held.key, modelled.fence), held.fence) {
            Some(before) => assert_eq!(held.fence, before),
            None => assert!(highest.is_none_or(|highest| held.fence > highest)),
        }
        self.grants.push((*modelled, *held));
    }
}

#[test]
fn redis_answers_as_memory_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Server::running(right);
    let redis = runtime.block_on(mainstay_idempotency::conformance::Harness::store(&server));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let steps = prop::collection::vec(step(), 1..50);
    let same = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let mut pair = Pair::new(&server, &redis).await;
            for step in &steps {
                pair.take(step).await;
            }
        });
        Ok(())
    });
    same.unwrap();
}
