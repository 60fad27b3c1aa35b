use std::fs;
use std::path::{Path, PathBuf};

use mainstay_redis::redis::{self, cmd};
use mainstay_testkit::servers::{Postgres, Redis};

use super::{Failed, Settings, StoreKind};
use crate::flawed::Flaw;

/// Where the claims of a round are.
pub(super) enum Server {
    Redis(Redis),
    Postgres(Postgres),
    /// No server: a file that all processes open.
    Sqlite(PathBuf),
    Files(PathBuf, Option<Flaw>),
}

impl Server {
    /// One of the round's own. Blocks for about a second.
    pub(super) fn start(settings: &Settings, folder: &Path) -> Result<Self, Failed> {
        let server = match settings.store {
            StoreKind::Redis => Self::Redis(durable()?),
            StoreKind::Postgres => Self::Postgres(Postgres::private()?),
            StoreKind::Sqlite => Self::Sqlite(folder.join("claims.sqlite")),
            StoreKind::Files => {
                let folder = folder.join("claims");
                fs::create_dir(&folder)?;
                Self::Files(folder, settings.flaw)
            }
        };
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Redis(redis) => redis.url().to_owned(),
            Self::Postgres(postgres) => postgres.url().to_owned(),
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Files(folder, flaw) => {
                let flaw = serde_json::to_string(flaw).unwrap_or_default();
                format!("file://{}?{flaw}", folder.display())
            }
        }
    }

    /// `None` if there is no process to be cut off from.
    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Self::Redis(redis) => Some(redis.port()),
            Self::Postgres(postgres) => Some(postgres.port()),
            Self::Sqlite(_) | Self::Files(..) => None,
        }
    }

    /// Kills it, and starts it again with the same data. Blocks until it serves.
    pub(super) fn crash(&mut self) -> Result<(), Failed> {
        match self {
            Self::Redis(redis) => {
                redis.kill()?;
                redis.restart()?;
            }
            Self::Postgres(postgres) => {
                postgres.kill()?;
                postgres.restart()?;
            }
            Self::Sqlite(_) | Self::Files(..) => {}
        }
        Ok(())
    }
}

/// With each write on disk before it is answered, now and after restarts.
fn durable() -> Result<Redis, Failed> {
    let redis = Redis::private()?;
    let mut connection = redis::Client::open(redis.url())?.get_connection()?;
    cmd("CONFIG").arg("SET").arg("appendfsync").arg("always").exec(&mut connection)?;
    cmd("CONFIG").arg("REWRITE").exec(&mut connection)?;
    Ok(redis)
}
