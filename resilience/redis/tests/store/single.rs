//! One server, and the suite on it.

use std::sync::Mutex;
use std::time::Duration;

use mainstay_idempotency::conformance::{self, Harness};
use mainstay_idempotency::{Key, Nonce};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::aio::{ConnectionManager, MultiplexedConnection};
use mainstay_redis::redis::{Client, Cmd, FromRedisValue};
use mainstay_testkit::servers::Redis;

use crate::PATIENT;

/// A server, whose keys have a prefix of their own: it may be shared.
pub(super) struct Single {
    server: Mutex<Redis>,
    url: String,
    prefix: String,
    is_private: bool,
    is_durable: bool,
}

impl Single {
    pub(super) fn start() -> Self {
        Self::on(Redis::start().unwrap())
    }

    pub(super) fn private() -> Self {
        Self::on(Redis::private().unwrap())
    }

    fn on(server: Redis) -> Self {
        Self {
            url: server.url().to_owned(),
            prefix: format!("mainstay:test:{}:", Nonce::unique()),
            is_private: server.is_private(),
            is_durable: false,
            server: Mutex::new(server),
        }
    }

    /// From here on every write is on disk before it is answered.
    pub(super) async fn durable(mut self) -> Self {
        self.set("appendfsync", "always").await;
        self.is_durable = true;
        self
    }

    /// From here on nothing is on disk, unless the server belongs to somebody else.
    pub(super) async fn forgetful(self) -> Self {
        if self.is_private {
            self.set("appendonly", "no").await;
            self.set("save", "").await;
        }
        self
    }

    pub(super) async fn set(&self, setting: &str, value: &str) {
        let mut command = Cmd::new();
        self.ask::<()>(command.arg("CONFIG").arg("SET").arg(setting).arg(value)).await;
    }

    pub(super) fn client(&self) -> Client {
        Client::open(self.url.as_str()).unwrap()
    }

    pub(super) fn port(&self) -> u16 {
        self.server.lock().unwrap().port()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn password(&self) -> &str {
        self.url.trim_start_matches("redis://:").split('@').next().unwrap()
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// With the names of that server.
    pub(super) fn sharing(mut self, other: &Self) -> Self {
        self.prefix.clone_from(&other.prefix);
        self
    }

    pub(super) async fn connection(&self) -> MultiplexedConnection {
        self.client().get_multiplexed_async_connection().await.unwrap()
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.connection().await).await.unwrap()
    }

    pub(super) fn stop(&self) {
        self.server.lock().unwrap().stop().unwrap();
    }

    pub(super) fn kill(&self) {
        self.server.lock().unwrap().kill().unwrap();
    }

    pub(super) fn start_again(&self) {
        self.server.lock().unwrap().restart().unwrap();
    }

    /// The name of a key.
    pub(super) fn name(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Harness for Single {
    type Store = RedisStore<ConnectionManager>;

    async fn store(&self) -> Self::Store {
        let store = RedisStore::connect(self.url()).await.unwrap();
        let store = store.prefix(self.prefix.as_str()).timeout(PATIENT);
        if self.is_durable { store.durable() } else { store }
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn restart(&self) -> bool {
        if self.is_private {
            self.kill();
            self.start_again();
        }
        self.is_private
    }

    async fn lose_all(&self) -> bool {
        if self.is_private {
            self.ask::<()>(Cmd::new().arg("FLUSHALL")).await;
        }
        self.is_private
    }
}

/// Nothing is said of what survives a restart, and nothing does.
mod forgetful {
    mainstay_idempotency::conformance!(super::Single::start().forgetful().await);
}

/// The store says that all survives a restart, and it does.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_20_durable_store_is_restarted() {
    conformance::scenario_20_store_is_restarted(&Single::private().durable().await).await;
}
