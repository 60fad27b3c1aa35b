use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, Database, PgConnection, SqliteConnection};

use super::pool::{Pool, with};
use super::{Store, identity};

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

    /// Closes every connection, and with the last one `SQLite`'s log.
    pub async fn close(&self) {
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
        Self::identified(Pool::Sqlite(pool(SQLITE_READERS)), Pool::Sqlite(pool(1))).await
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
        Self::identified(Pool::Postgres(pool.clone()), Pool::Postgres(pool)).await
    }

    async fn identified(read: Pool, write: Pool) -> Result<Self, OpenError> {
        let id = in_time(identity::of(&write), OpenError::Schema).await?;
        Ok(Self { read, write, id: id.into() })
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

async fn in_time<T>(
    step: impl Future<Output = Result<T, sqlx::Error>>,
    otherwise: fn(sqlx::Error) -> OpenError,
) -> Result<T, OpenError> {
    match tokio::time::timeout(STEP, step).await {
        Ok(done) => done.map_err(otherwise),
        Err(_) => Err(OpenError::Timeout(STEP)),
    }
}
