use mainstay_idempotency::Claim;
use mainstay_sqlx::{PgStore, SqliteStore};
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use tempfile::TempDir;

const MAKE: &str = "CREATE TABLE IF NOT EXISTS effects (key TEXT NOT NULL)";
const ADD: &str = "INSERT INTO effects (key) VALUES ($1)";
const COUNT: &str = "SELECT count(*) FROM effects WHERE key = $1";

/// The effect that tests run: a row for each time.
pub(crate) trait Rows {
    type Connection;
    type Transaction;

    /// A transaction that is to write.
    async fn begin_by_hand(&self) -> Self::Transaction;

    /// Makes the table.
    async fn make_rows(&self);

    /// The effect of a claim.
    async fn add(connection: &mut Self::Connection, claim: &Claim) -> Result<(), sqlx::Error>;

    /// How often it has happened.
    async fn count(&self, claim: &Claim) -> i64;
}

impl Rows for SqliteStore {
    type Connection = SqliteConnection;
    type Transaction = Transaction<'static, Sqlite>;

    async fn begin_by_hand(&self) -> Self::Transaction {
        self.pool().begin_with("BEGIN IMMEDIATE").await.unwrap()
    }

    async fn make_rows(&self) {
        sqlx::query(MAKE).execute(self.pool()).await.unwrap();
    }

    async fn add(connection: &mut SqliteConnection, claim: &Claim) -> Result<(), sqlx::Error> {
        sqlx::query(ADD).bind(claim.key.to_string()).execute(connection).await.map(drop)
    }

    async fn count(&self, claim: &Claim) -> i64 {
        let count = sqlx::query_scalar(COUNT).bind(claim.key.to_string());
        count.fetch_one(self.pool()).await.unwrap()
    }
}

impl Rows for PgStore {
    type Connection = PgConnection;
    type Transaction = Transaction<'static, Postgres>;

    async fn begin_by_hand(&self) -> Self::Transaction {
        self.pool().begin().await.unwrap()
    }

    async fn make_rows(&self) {
        let mut tx = self.pool().begin().await.unwrap();
        sqlx::query("SELECT pg_advisory_xact_lock(1)").execute(&mut *tx).await.unwrap();
        sqlx::query(MAKE).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn add(connection: &mut PgConnection, claim: &Claim) -> Result<(), sqlx::Error> {
        sqlx::query(ADD).bind(claim.key.to_string()).execute(connection).await.map(drop)
    }

    async fn count(&self, claim: &Claim) -> i64 {
        let count = sqlx::query_scalar(COUNT).bind(claim.key.to_string());
        count.fetch_one(self.pool()).await.unwrap()
    }
}

/// A file of one test's own.
pub(crate) struct File(pub(crate) TempDir);

impl File {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.0.path().join("claims.db")
    }

    /// A pool of its own on it.
    pub(crate) async fn store(&self) -> SqliteStore {
        let store = SqliteStore::open(self.path()).await.unwrap();
        store.make_rows().await;
        store
    }

    /// How many commits there are in its log, in the format of `SQLite`'s `fileformat2.html`, section
    /// 4.1: a header of 32 bytes; frames, each of 24 bytes and a page. A frame that ends a commit
    /// tells the size of the database, and one of an older use of the log has another salt.
    pub(crate) fn commits(&self) -> usize {
        let log = std::fs::read(self.0.path().join("claims.db-wal")).unwrap();
        let (header, frames) = log.split_at(32);
        let page = u32::from_be_bytes(header[8..12].try_into().unwrap());
        let frames = frames.chunks_exact(24 + usize::try_from(page).unwrap());
        frames.filter(|it| it[8..16] == header[16..24] && it[4..8] != [0; 4]).count()
    }
}
