use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Database, PgConnection, SqliteConnection};

use super::Store;
use super::pool::{Pool, with};

/// How long the first connection may take.
const FIRST_CONNECTION: Duration = Duration::from_secs(5);
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
    /// There is no connection yet.
    #[error("no connection within {0:?}")]
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
        let mut first: SqliteConnection = in_time(options.connect()).await?;
        let schema = sqlx::raw_sql(include_str!("schema.sqlite.sql"));
        schema.execute(&mut first).await.map_err(OpenError::Schema)?;
        let pool =
            |most| bounded(SqlitePoolOptions::new(), most).connect_lazy_with(options.clone());
        let store = Self { read: Pool::Sqlite(pool(SQLITE_READERS)), write: Pool::Sqlite(pool(1)) };
        first.close().await.map_err(OpenError::Connect)?;
        Ok(store)
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
        // Not by the pool: it would retry a refused connection, and in the end name no reason.
        let mut first: PgConnection = in_time(options.connect()).await?;
        let schema = sqlx::raw_sql(include_str!("schema.postgres.sql"));
        schema.execute(&mut first).await.map_err(OpenError::Schema)?;
        first.close().await.map_err(OpenError::Connect)?;
        let pool = bounded(PgPoolOptions::new(), POSTGRES_CONNECTIONS).connect_lazy_with(options);
        Ok(Self { read: Pool::Postgres(pool.clone()), write: Pool::Postgres(pool) })
    }
}

fn bounded<DB: Database>(options: PoolOptions<DB>, most: u32) -> PoolOptions<DB> {
    options.max_connections(most).acquire_timeout(ACQUIRE)
}

async fn in_time<T>(
    connecting: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, OpenError> {
    match tokio::time::timeout(FIRST_CONNECTION, connecting).await {
        Ok(connected) => connected.map_err(OpenError::Connect),
        Err(_) => Err(OpenError::Timeout(FIRST_CONNECTION)),
    }
}
