//! A server for the tests of scripts, and a calendar for it.

use std::time::Duration;

use mainstay_idempotency::conformance::Harness;
use mainstay_testkit::servers::Redis;
use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::{AsyncConnectionConfig, cmd};
use tokio::sync::OnceCell;

use crate::RedisStore;
use crate::script::Scripts;

pub(crate) type Managed = RedisStore<ConnectionManager>;

/// A server, and the scripts that its stores run.
pub(crate) struct Server {
    redis: Redis,
    scripts: fn() -> Scripts,
    connection: OnceCell<MultiplexedConnection>,
}

impl Server {
    pub(crate) fn running(scripts: fn() -> Scripts) -> Self {
        Self { redis: Redis::private().unwrap(), scripts, connection: OnceCell::new() }
    }

    /// The one connection that is not a store's: there are not as many ports as steps.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let connect = || async {
            let client = redis::Client::open(self.redis.url()).unwrap();
            let patient = AsyncConnectionConfig::new().set_response_timeout(None);
            client.get_multiplexed_async_connection_with_config(&patient).await.unwrap()
        };
        self.connection.get_or_init(connect).await.clone()
    }

    /// Sets the calendar back by so many microseconds, or on.
    pub(crate) async fn step(&self, back: i64) {
        let all = self.set_back().await + back;
        let mut connection = self.connection().await;
        cmd("SET").arg(SET_BACK).arg(all).exec_async(&mut connection).await.unwrap();
    }

    async fn set_back(&self) -> i64 {
        cmd("GET").arg(SET_BACK).query_async(&mut self.connection().await).await.unwrap_or(0)
    }
}

/// By how much the calendar is set back, in microseconds.
const SET_BACK: &str = "set-back";

/// The scripts with a calendar that can be set back.
fn with_calendar(scripts: &Scripts) -> Scripts {
    let now = "local now = time[1] * 1000000 + time[2]";
    scripts.replacing(now, &format!("{now} - (tonumber(redis.call('GET', '{SET_BACK}')) or 0)"))
}

impl Harness for Server {
    type Store = Managed;

    async fn store(&self) -> Managed {
        let store = RedisStore::connect(self.redis.url()).await.unwrap();
        store.with_scripts((self.scripts)()).timeout(Duration::from_secs(20))
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn step_back(&self, by: Duration) -> bool {
        self.step(i64::try_from(by.as_micros()).unwrap()).await;
        true
    }
}

pub(crate) fn right() -> Scripts {
    with_calendar(&Scripts::new())
}
