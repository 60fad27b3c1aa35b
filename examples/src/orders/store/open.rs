use std::str::FromStr as _;
use std::time::Duration;

use mainstay_idempotency::DynStore;
use mainstay_sqlx::{MigrateError, PgStore, SqliteStore};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, Database, PgConnection, SqliteConnection};
use tokio_util::task::TaskTracker;

use super::pool::{Claims, Pool, with};
use super::{Store, identity};
use crate::orders::idempotency::PATIENCE;

/// How long the first connection may take, and how long the schema.
const STEP: Duration = Duration::from_secs(5);
/// How long a request waits for a connection. Less than the shortest usual deadline, so that the
/// answer says what is the matter.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long `SQLite` waits for another process that has the file locked.
const BUSY: Duration = Duration::from_secs(2);
/// How many connections read from `SQLite`.
const SQLITE_READERS: u32 = 4;
/// How many connections there are to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Why the database cannot be used. It never shows the URL, which may have a password in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is neither of the two.
    #[error("the URL must start with sqlite:// or postgres://")]
    Scheme,
    /// The URL cannot be understood.
    #[error("the URL is malformed")]
    Url(#[source] sqlx::Error),
    /// There is no connection.
    #[error("no connection")]
    Connect(#[source] sqlx::Error),
    /// It would be gone with its connection, and be another one for the next.
    #[error("a database in memory cannot be shared by connections: name a file")]
    InMemory,
    /// There is no connection yet, or somebody has the schema locked.
    #[error("not ready within {0:?}")]
    Timeout(Duration),
    /// The tables cannot be made.
    #[error("the schema cannot be created")]
    Schema(#[source] sqlx::Error),
    /// The tables of idempotency keys cannot be made.
    #[error("the schema of idempotency keys cannot be created")]
    Claims(#[source] MigrateError),
    /// The tables were made by a release that kept its keys in another way.
    #[error("the schema is of an older release: name another database")]
    Older,
}

impl Store {
    /// Opens the database and creates what is not there yet.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Self::open_sqlite(url).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(url).await,
            _ => Err(OpenError::Scheme),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        with!(&self.read, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))
    }

    /// Closes every connection, and with the last one `SQLite`'s log; but first lets go of the claims
    /// of what was dropped.
    pub async fn close(&self) {
        self.releases.close();
        self.releases.wait().await;
        with!(&self.read, pool => pool.close().await);
        with!(&self.write, pool => pool.close().await);
    }

    async fn open_sqlite(url: &str) -> Result<Self, OpenError> {
        // FULL: what was answered survives a loss of power, not only of the process.
        let options = SqliteConnectOptions::from_str(url)
            .map_err(OpenError::Url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        if is_in_memory(url) || options.get_filename().as_os_str().is_empty() {
            return Err(OpenError::InMemory);
        }
        let mut first: SqliteConnection =
            in_time(silent(&options).connect(), OpenError::Connect).await?;
        let schema = sqlx::raw_sql(include_str!("schema.sqlite.sql"));
        in_time(schema.execute(&mut first), OpenError::Schema).await?;
        in_time(first.close(), OpenError::Connect).await?;
        let pool =
            |most| bounded(SqlitePoolOptions::new(), most).connect_lazy_with(options.clone());
        let (read, write) = (pool(SQLITE_READERS), pool(1));
        in_time(SqliteStore::migrate(&write), OpenError::Claims).await?;
        let claims = SqliteStore::new(write.clone()).wait(PATIENCE);
        let leases = DynStore::new(claims.clone());
        let pools = (Pool::Sqlite(read), Pool::Sqlite(write));
        Self::identified(pools, Claims::Sqlite(claims), leases).await
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
        // Not by the pool: it would retry a refused connection, and in the end name no reason.
        let mut first: PgConnection =
            in_time(silent(&options).connect(), OpenError::Connect).await?;
        let schema = sqlx::raw_sql(include_str!("schema.postgres.sql"));
        in_time(schema.execute(&mut first), OpenError::Schema).await?;
        in_time(first.close(), OpenError::Connect).await?;
        let pool = bounded(PgPoolOptions::new(), POSTGRES_CONNECTIONS).connect_lazy_with(options);
        in_time(PgStore::migrate(&pool), OpenError::Claims).await?;
        let claims = PgStore::new(pool.clone()).wait(PATIENCE);
        let leases = DynStore::new(claims.clone());
        let pools = (Pool::Postgres(pool.clone()), Pool::Postgres(pool));
        Self::identified(pools, Claims::Postgres(claims), leases).await
    }

    async fn identified(
        (read, write): (Pool, Pool),
        claims: Claims,
        leases: DynStore,
    ) -> Result<Self, OpenError> {
        let id = in_time(identity::of(&write), OpenError::Schema).await?;
        let id = id.ok_or(OpenError::Older)?;
        let releases = TaskTracker::new();
        Ok(Self { read, write, claims, leases, releases, id: id.into() })
    }
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn bounded<DB: Database>(options: PoolOptions<DB>, most: u32) -> PoolOptions<DB> {
    options.max_connections(most).acquire_timeout(ACQUIRE)
}

/// For the start alone: why it fails is one line, and a slow statement would be one more.
fn silent<O: ConnectOptions>(options: &O) -> O {
    options.clone().disable_statement_logging()
}

async fn in_time<T, E>(
    step: impl Future<Output = Result<T, E>>,
    otherwise: fn(E) -> OpenError,
) -> Result<T, OpenError> {
    match tokio::time::timeout(STEP, step).await {
        Ok(done) => done.map_err(otherwise),
        Err(_) => Err(OpenError::Timeout(STEP)),
    }
}
