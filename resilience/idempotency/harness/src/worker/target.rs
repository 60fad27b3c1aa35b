use std::error::Error;
use std::path::Path;
use std::time::Duration;

use mainstay_idempotency::DynStore;
use mainstay_redis::RedisStore;
use mainstay_sqlx::{PgStore, SqliteStore};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;

use super::joined::Open;
use crate::flawed::{FileStore, Flaw};

/// The store of a round.
pub(super) struct Target {
    /// For claims under a lease.
    pub(super) store: DynStore,
    /// For claims in a transaction.
    pub(super) database: Option<Database>,
}

pub(super) enum Database {
    Postgres(PgStore),
    Sqlite(SqliteStore),
}

/// How long a call waits for others; also for writers of other processes, so that one that was given
/// up is over soon.
const WAIT: Duration = Duration::from_millis(500);

impl Target {
    /// The one that the URL names: of Redis or PostgreSQL, of an `SQLite` file, or of a folder of
    /// files, after which its flaw may come.
    pub(super) async fn connect(url: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let options = SqliteStore::connect_options(path).busy_timeout(WAIT);
            let pool = SqlitePoolOptions::new().max_connections(3).acquire_timeout(2 * WAIT);
            let store = SqliteStore::new(pool.connect_lazy_with(options)).wait(WAIT);
            let database = Some(Database::Sqlite(store.clone()));
            return Ok(Self { store: DynStore::new(store), database });
        }
        if url.starts_with("postgres://") {
            let pool = PgPoolOptions::new().max_connections(3).acquire_timeout(2 * WAIT);
            let store = PgStore::new(pool.connect_lazy(url)?).wait(WAIT);
            let database = Some(Database::Postgres(store.clone()));
            return Ok(Self { store: DynStore::new(store), database });
        }
        if let Some(folder) = url.strip_prefix("file://") {
            let (folder, flaw) = folder.split_once('?').unwrap_or((folder, "null"));
            let flaw: Option<Flaw> = serde_json::from_str(flaw)?;
            let store = DynStore::new(FileStore::new(Path::new(folder), flaw));
            return Ok(Self { store, database: None });
        }
        let store = RedisStore::connect(url).await?.timeout(2 * WAIT).durable();
        Ok(Self { store: DynStore::new(store), database: None })
    }

    /// Begins a transaction, where there are any and the database is there.
    pub(super) async fn open(&self) -> Option<Open> {
        self.database.as_ref()?.open().await.ok()
    }

    /// Removes what has expired, where it does not go by itself. Nothing changes by that.
    pub(super) async fn sweep(&self) {
        const ROWS: u32 = 20;
        // The next one will, if this one does not get at it.
        let _ = match &self.database {
            Some(Database::Postgres(store)) => store.sweep(ROWS).await,
            Some(Database::Sqlite(store)) => store.sweep(ROWS).await,
            None => Ok(0),
        };
    }
}
