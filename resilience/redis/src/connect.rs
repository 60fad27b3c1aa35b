//! Connections as this store wants them.

use std::time::Duration;

use mainstay_idempotency::StoreError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo};

use crate::RedisStore;
use crate::error::store_error;

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(1);
/// How long what was sent may stay unacknowledged before the connection counts as dead.
const DEAD: Duration = Duration::from_secs(5);
/// The longest pause between attempts to connect again.
const PAUSE: Duration = Duration::from_millis(500);

impl RedisStore<ConnectionManager> {
    /// Over a connection of its own to this server, `redis://user:password@host:port/database`,
    /// which is made anew whenever it breaks. Calls that come meanwhile wait for it, within their
    /// own limit.
    ///
    /// It stays with the server that has answered, for as long as that does. One that is made a
    /// replica without going down, as in a planned failover, goes on answering: every write is then
    /// refused (`READONLY`), and the store is
    /// [unavailable](mainstay_idempotency::StoreErrorKind::Unavailable) until the connection breaks.
    /// Have the failover cut the clients of the old primary (`CLIENT KILL TYPE normal`), or restart
    /// it; the next connection is made to whatever the URL then leads to. A connection to a cluster
    /// follows by itself.
    ///
    /// The first one is made here, in up to seven attempts of a second each; after the last, the
    /// store is [unavailable](mainstay_idempotency::StoreErrorKind::Unavailable). So it is, at once,
    /// where the URL is none: the source says that.
    ///
    /// ```no_run
    /// # async fn connect() -> Result<(), mainstay_idempotency::StoreError> {
    /// let store = mainstay_redis::RedisStore::connect("redis://127.0.0.1/").await?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(url: impl IntoConnectionInfo) -> Result<Self, StoreError> {
        let info = url.into_connection_info().map_err(store_error)?;
        let client = Client::open(info.set_tcp_settings(tcp())).map_err(store_error)?;
        let config = ConnectionManagerConfig::new()
            // The store has a limit of its own, for a call as a whole.
            .set_response_timeout(None)
            .set_connection_timeout(Some(CONNECT))
            .set_max_delay(PAUSE);
        let manager = ConnectionManager::new_with_config(client, config).await;
        manager.map(Self::new).map_err(store_error)
    }
}

#[cfg(feature = "cluster")]
impl RedisStore<redis::cluster_async::ClusterConnection> {
    /// Over connections of its own to the cluster that these nodes belong to: some of them are
    /// enough, the others are found. It follows keys that move.
    ///
    /// ```no_run
    /// # async fn connect() -> Result<(), mainstay_idempotency::StoreError> {
    /// let nodes = ["redis://10.0.0.7/", "redis://10.0.0.8/", "redis://10.0.0.9/"];
    /// let store = mainstay_redis::RedisStore::connect_cluster(nodes).await?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_cluster<N: IntoConnectionInfo>(
        nodes: impl IntoIterator<Item = N>,
    ) -> Result<Self, StoreError> {
        let client = redis::cluster::ClusterClientBuilder::new(nodes)
            .connection_timeout(CONNECT)
            .tcp_settings(tcp())
            .build()
            .map_err(store_error)?;
        client.get_async_connection().await.map(Self::new).map_err(store_error)
    }
}

/// Small writes leave at once, and a host that is gone is noticed before TCP's quarter of an hour.
fn tcp() -> TcpSettings {
    notice_dead_hosts(TcpSettings::default().set_nodelay(true))
}

#[cfg(target_os = "linux")]
fn notice_dead_hosts(settings: TcpSettings) -> TcpSettings {
    settings.set_user_timeout(DEAD)
}

/// Only Linux can be told so: elsewhere what the system does on its own has to do.
#[cfg(not(target_os = "linux"))]
fn notice_dead_hosts(settings: TcpSettings) -> TcpSettings {
    settings
}
