//! The suite of stores on a cluster of three masters, and slots that move.

use std::sync::OnceLock;
use std::time::Duration;

use mainstay_idempotency::conformance::{self, Harness};
use mainstay_idempotency::{Claimed, Key, Nonce, Store, StoreErrorKind};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::cluster_async::ClusterConnection;
use mainstay_redis::redis::{Client, Cmd, FromRedisValue, RedisResult, cmd};
use mainstay_testkit::servers::RedisCluster;

use crate::{KEEP, PATIENT, claim, complete, first, key, kind, source};

/// A cluster: many tests of the suite are on one, as making one takes seconds.
#[derive(Clone)]
struct Cluster {
    urls: Vec<String>,
    prefix: String,
    is_own: bool,
}

impl Cluster {
    fn of(cluster: &RedisCluster, is_own: bool) -> Self {
        Self { urls: cluster.urls(), prefix: format!("{}:", Nonce::unique()), is_own }
    }

    fn shared() -> Self {
        static SHARED: OnceLock<RedisCluster> = OnceLock::new();
        Self::of(SHARED.get_or_init(|| RedisCluster::private().unwrap()), false)
    }

    /// All keys in one slot.
    fn in_one_slot(mut self) -> Self {
        self.prefix = "{moving}:".to_owned();
        self
    }

    async fn try_ask<T: FromRedisValue>(&self, node: usize, command: &Cmd) -> RedisResult<T> {
        let client = Client::open(self.urls[node].as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        command.query_async(&mut connection).await
    }

    async fn ask<T: FromRedisValue>(&self, node: usize, command: &Cmd) -> T {
        self.try_ask(node, command).await.unwrap()
    }

    fn name(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Harness for Cluster {
    type Store = RedisStore<ClusterConnection>;

    async fn store(&self) -> Self::Store {
        let store = RedisStore::connect_cluster(self.urls.clone()).await.unwrap();
        store.prefix(self.prefix.as_str()).timeout(PATIENT)
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn lose_all(&self) -> bool {
        if self.is_own {
            for node in 0..self.urls.len() {
                self.ask::<()>(node, cmd("FLUSHALL").arg("SYNC")).await;
            }
        }
        self.is_own
    }
}

mod suite {
    mainstay_idempotency::conformance!(super::Cluster::shared());
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_21_cluster_loses_its_data() {
    let servers = RedisCluster::private().unwrap();
    conformance::scenario_21_store_loses_its_data(&Cluster::of(&servers, true)).await;
}

/// Each node has its share of the keys, and of the scripts.
#[tokio::test]
async fn keys_are_spread_over_all_nodes() {
    const KEYS: usize = 300;
    let cluster = Cluster::shared();
    let store = cluster.store().await;
    for _ in 0..KEYS {
        let claim = claim(key());
        complete(&store, &first(&store, &claim).await, b"done").await;
        assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
    }
    let mut found = 0;
    for node in 0..RedisCluster::NODES {
        let pattern = format!("{}*", cluster.prefix);
        let here: Vec<String> = cluster.ask(node, cmd("KEYS").arg(pattern)).await;
        assert!(here.len() > KEYS / 5, "{} of {KEYS} keys are on node {node}", here.len());
        found += here.len();
    }
    assert_eq!(found, KEYS);
}

/// While a slot moves, keys are asked for where they are (`ASK`), and afterwards where it is
/// (`MOVED`), by a store that was made before.
#[tokio::test]
async fn a_slot_moves_under_live_claims() {
    let servers = RedisCluster::private().unwrap();
    let cluster = Cluster::of(&servers, true).in_one_slot();
    let store = cluster.store().await;
    let (done, held) = (claim(key()), claim(key()));
    complete(&store, &first(&store, &done).await, b"done").await;
    let owner = first(&store, &held).await;

    let moving = Moving::start(&cluster, &servers, &cluster.name(&done.key)).await;
    // A key that is yet to be made is made on the other node.
    let new = claim(key());
    let made = first(&store, &new).await;
    let mut exists = cmd("EXISTS");
    exists.arg(cluster.name(&new.key));
    let refused = cluster.try_ask::<u64>(moving.from, &exists).await;
    assert!(refused.unwrap_err().is_cluster_error());
    // One that is still here is answered from here, one that has gone from there.
    assert_eq!(store.claim(&held).await.unwrap(), Claimed::First(owner));
    moving.carry(&cluster.name(&done.key)).await;
    assert_eq!(store.claim(&done).await.unwrap(), Claimed::Completed("done".into()));
    moving.carry(&cluster.name(&held.key)).await;
    complete(&store, &owner, b"more").await;
    moving.end().await;

    complete(&store, &made, b"new").await;
    for (claim, record) in [(done, "done"), (held, "more"), (new, "new")] {
        assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed(record.into()));
    }
}

/// A slot on its way from one node to another.
struct Moving<'a> {
    cluster: &'a Cluster,
    servers: &'a RedisCluster,
    slot: u16,
    from: usize,
    to: usize,
    ids: Vec<String>,
}

impl<'a> Moving<'a> {
    async fn start(cluster: &'a Cluster, servers: &'a RedisCluster, name: &str) -> Self {
        let slot = cluster.ask::<u16>(0, cmd("CLUSTER").arg("KEYSLOT").arg(name)).await;
        let mut ids = Vec::new();
        for node in 0..RedisCluster::NODES {
            ids.push(cluster.ask::<String>(node, cmd("CLUSTER").arg("MYID")).await);
        }
        let from = usize::from(slot) * RedisCluster::NODES / 16384;
        let to = (from + 1) % RedisCluster::NODES;
        let moving = Self { cluster, servers, slot, from, to, ids };
        moving.set(to, "IMPORTING", from).await;
        moving.set(from, "MIGRATING", to).await;
        moving
    }

    /// Moves a key.
    async fn carry(&self, name: &str) {
        let url = &self.cluster.urls[self.to];
        let password = url.trim_start_matches("redis://:").split('@').next();
        let mut command = cmd("MIGRATE");
        command.arg("127.0.0.1").arg(self.servers.ports()[self.to]).arg(name).arg(0).arg(5000);
        command.arg("AUTH").arg(password);
        assert_eq!(self.cluster.ask::<String>(self.from, &command).await, "OK");
    }

    async fn end(&self) {
        for node in [self.to, self.from] {
            self.set(node, "NODE", self.to).await;
        }
    }

    async fn set(&self, node: usize, to: &str, other: usize) {
        let mut command = cmd("CLUSTER");
        command.arg("SETSLOT").arg(self.slot).arg(to).arg(&self.ids[other]);
        self.cluster.ask::<()>(node, &command).await;
    }
}

/// While a node is down its keys are unavailable, and when it is back they are there.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_down_is_unavailable_until_it_is_back() {
    let mut servers = RedisCluster::private().unwrap();
    let cluster = Cluster::of(&servers, true).in_one_slot();
    let patient = cluster.store().await;
    let store = patient.clone().timeout(Duration::from_millis(200));
    let claim = claim(key());
    let held = first(&patient, &claim).await;
    let name = cluster.name(&claim.key);
    let slot = cluster.ask::<usize>(0, cmd("CLUSTER").arg("KEYSLOT").arg(name)).await;
    let node = slot * RedisCluster::NODES / 16384;

    servers.kill(node).unwrap();
    let answer = tokio::time::timeout(PATIENT, store.claim(&claim)).await.unwrap();
    assert_eq!(kind(answer), StoreErrorKind::Unavailable);
    servers.restart(node).unwrap();
    let mut answer = patient.claim(&claim).await;
    while answer.is_err() {
        answer = patient.claim(&claim).await;
    }
    assert_eq!(answer.unwrap(), Claimed::First(held));
}

/// An account with the rights that the documentation names, and no others.
#[tokio::test]
async fn an_account_needs_no_more_than_is_said() {
    let cluster = Cluster::shared();
    let account = Nonce::unique().to_string();
    let mut command = cmd("ACL");
    command.arg("SETUSER").arg(&account).arg("on").arg(">secret");
    command.arg(format!("~{}*", cluster.prefix)).arg("-@all");
    for right in ["evalsha", "eval", "get", "set", "del", "pttl", "pexpire", "time", "wait"] {
        command.arg(format!("+{right}"));
    }
    command.arg("+cluster|slots");
    for node in 0..RedisCluster::NODES {
        cluster.ask::<()>(node, &command).await;
    }
    let urls = cluster.urls.iter().map(|url| {
        let (_, address) = url.split_once('@').unwrap();
        format!("redis://{account}:secret@{address}")
    });
    let store = RedisStore::connect_cluster(urls).await.unwrap();
    let store = store.prefix(cluster.prefix.as_str()).timeout(PATIENT);
    for _ in 0..RedisCluster::NODES * 3 {
        let claim = claim(key());
        let held = first(&store, &claim).await;
        store.renew(&held, KEEP).await.unwrap();
        complete(&store, &held, b"done").await;
        complete(&store, &held, b"done").await;
        store.release(&held).await.unwrap();
        assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
    }
    let far = store.replicas(1, Duration::from_millis(1)).claim(&claim(key())).await;
    assert!(source(&far.unwrap_err()).contains("0 of 1 replicas"));
}

/// Waiting for replicas goes to the node that has the key. Here it has none.
#[tokio::test]
async fn replicas_are_waited_for_where_the_key_is() {
    let cluster = Cluster::shared();
    let store = cluster.store().await.replicas(1, Duration::from_millis(10));
    for _ in 0..RedisCluster::NODES * 3 {
        let claim = claim(key());
        assert_eq!(kind(store.claim(&claim).await), StoreErrorKind::Unavailable);
        let all = store.clone().replicas(0, Duration::ZERO);
        first(&all, &claim).await;
    }
}
