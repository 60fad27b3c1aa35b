use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use mainstay_idempotency::{DynStore, MemoryStore, StoreError};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::aio::ConnectionManager;
use mainstay_redis::redis::{ConnectionInfo, IntoConnectionInfo as _};
use tokio::time::timeout;

/// How long the first connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Where idempotency keys are kept.
#[derive(Clone)]
pub enum KeyStore {
    /// With the orders, in the same transactions.
    Database,
    /// In this process, and no longer than it runs.
    Memory,
    /// On a Redis server.
    Redis(Box<ConnectionInfo>),
}

/// A text that is no [`KeyStore`]. What it was is not repeated, as there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be database, memory or redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]")]
pub struct InvalidKeyStore;

/// Why idempotency keys cannot be kept there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenKeysError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] StoreError),
    /// There is no connection yet.
    #[error("not ready within {0:?}")]
    Timeout(Duration),
}

/// The store of keys, open.
#[derive(Clone, Debug)]
pub(in crate::orders) struct Keys {
    /// `None` is the database itself.
    pub(in crate::orders) store: Option<DynStore>,
    /// The same, if it is on a server of its own, which may be away when all else is there.
    pub(in crate::orders) server: Option<RedisStore<ConnectionManager>>,
}

impl KeyStore {
    /// Opens the store.
    ///
    /// The name of the database is part of every key, so that two that share a server do not
    /// answer for each other.
    pub(in crate::orders) async fn open(&self, database: &str) -> Result<Keys, OpenKeysError> {
        match self {
            Self::Database => Ok(Keys { store: None, server: None }),
            Self::Memory => {
                Ok(Keys { store: Some(DynStore::new(MemoryStore::new())), server: None })
            }
            Self::Redis(server) => {
                let connected = timeout(CONNECT, RedisStore::connect((**server).clone())).await;
                let store = connected.map_err(|_| OpenKeysError::Timeout(CONNECT))??;
                let store = store.prefix(format!("orders:{database}:"));
                Ok(Keys { store: Some(DynStore::new(store.clone())), server: Some(store) })
            }
        }
    }
}

impl FromStr for KeyStore {
    type Err = InvalidKeyStore;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "database" => Ok(Self::Database),
            "memory" => Ok(Self::Memory),
            url if url.starts_with("redis://") => {
                let server = url.into_connection_info().map_err(|_| InvalidKeyStore)?;
                Ok(Self::Redis(Box::new(server)))
            }
            _ => Err(InvalidKeyStore),
        }
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "Database",
            Self::Memory => "Memory",
            Self::Redis(_) => "Redis",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let is = |text: &str| text.parse::<KeyStore>().map(|it| format!("{it:?}"));
        for (text, debug) in [
            ("database", "Database"),
            ("memory", "Memory"),
            ("redis://127.0.0.1:7000/2", "Redis"),
            ("redis://:hunter2@cache", "Redis"),
        ] {
            assert_eq!(is(text).as_deref(), Ok(debug), "{text}");
        }
        for wrong in ["", "paper", "Memory", "redis:", "redis://", "rediss://h", "postgres://h"] {
            assert_eq!(is(wrong), Err(InvalidKeyStore), "{wrong}");
        }
    }
}
