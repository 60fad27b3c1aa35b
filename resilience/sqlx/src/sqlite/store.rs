use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Held};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::migrate::migrate;
use super::queue::{WriterPlace, WriterQueue};
use super::writer::WriteTx;
use super::{held, sql};
use crate::again::{pause, within};
use crate::error::{TxError, TxErrorKind};
use crate::failure::Failure;
use crate::migrate::MigrateError;
use crate::turns::Turns;
use crate::tx::{self, Backend, Begun, Joined, Settled, Tx};

/// How long a transaction or a write waits for those before it.
const WAIT: Duration = Duration::from_secs(3);
/// How long a write waits for one of another process.
const BUSY: Duration = Duration::from_secs(5);
/// How long a file is opened that others have locked.
const OPENING: Duration = Duration::from_secs(10);
/// How many connections [`SqliteStore::open`] makes at most: one writes, the others read.
const CONNECTIONS: u32 = 4;

/// Claims in a `SQLite` file.
///
/// Clones share one queue of writers, in which the first to come is the first to write. Make one
/// store for each file, and clone it: two stores, like two processes, are told apart by `SQLite`
/// alone, which is safe and not fair.
///
/// # What it rests on
///
/// Claims and records are on disk when a call returns, as long as connections have
/// `synchronous=FULL` ([`connect_options`](Self::connect_options) has). Fences rise as long as the
/// file is kept, also when rows are deleted; the fence of a transaction that was rolled back is
/// given again, to the next one. Leases and expiry go by the clock of the machine: one that is set
/// back makes them longer.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pub(super) pool: SqlitePool,
    pub(super) queue: WriterQueue,
    pub(super) turns: Turns,
    pub(super) wait: Duration,
}

impl SqliteStore {
    /// On this pool, whose connections are to be made with
    /// [`connect_options`](Self::connect_options). The tables have to be there: see
    /// [`migrate`](Self::migrate).
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool, queue: WriterQueue::new(), turns: Turns::default(), wait: WAIT }
    }

    /// Opens the file, and makes it and the tables if they are not there. It has to be a file: a
    /// database in memory would be another one for each connection, and is refused.
    ///
    /// A file that others have locked is tried again, for ten seconds in all.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, MigrateError> {
        let path = path.as_ref();
        // As SQLite reads these, each connection would have a database of its own.
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(MigrateError::InMemory);
        }
        within(OPENING, Self::open_patiently(path)).await
    }

    async fn open_patiently(path: &Path) -> Result<Self, MigrateError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::open_once(path).await {
                // Of those that turn a new file's log on at once all but one fail at once: SQLite
                // has no patience with that.
                Err(MigrateError::Database(error)) if Failure::of(&error) == Failure::Locked => {
                    pause(tries).await;
                }
                result => return result,
            }
        }
    }

    async fn open_once(path: &Path) -> Result<Self, MigrateError> {
        let options = Self::connect_options(path).create_if_missing(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Self::migrate(&pool).await?;
        Ok(Self::new(pool))
    }

    /// How to connect: a write-ahead log, so that readers and the writer are not in each other's
    /// way; `synchronous=FULL`, so that what was committed survives a loss of power; five seconds
    /// of patience with writers of other processes.
    pub fn connect_options(path: impl AsRef<Path>) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
    }

    /// Makes the tables, or brings them to the version of this release. Several processes may do it
    /// at once.
    ///
    /// The tables are `mainstay_idempotency` and `mainstay_idempotency_version`, as in
    /// [`SQLITE_SCHEMA`](crate::SQLITE_SCHEMA). Services that share a file share keys: the name of
    /// the service belongs into the [`Scope`](mainstay_idempotency::Scope) of each.
    pub async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
        migrate(pool).await
    }

    /// How long a call waits for the writers before it, and as long again for a connection, and a
    /// transaction for another with the same key: 3 s by default. After that the one is unavailable,
    /// and the other is answered [`Begun::Running`]. Writers of other processes are waited for as
    /// [`connect_options`](Self::connect_options) says.
    ///
    /// A claim outside of transactions waits for another with the same key in this process for 75 ms
    /// at the most, and is then answered [`Running`](mainstay_idempotency::Claimed::Running): who
    /// makes it asks again.
    #[must_use]
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// The pool.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Begins a transaction with a claim: what is done in it happens once, whatever happens.
    ///
    /// It begins with `BEGIN IMMEDIATE` when it is its turn to write, and keeps all other writers
    /// waiting until it ends: do nothing slow in it. A key that has its answer is read before, and
    /// waits for no writer.
    ///
    /// Where a statement of the effect fails, drop the transaction, and use no `OR ROLLBACK` in it:
    /// `SQLite` may have ended it by itself (a full disk, an I/O error, `OR ROLLBACK`), and what is
    /// run in it afterwards is committed statement by statement, without the claim. See
    /// [`Lost`](crate::TxErrorKind::Lost).
    ///
    /// What is claimed and committed is completed, so [`Claim::lease`] and [`Claim::keep`] matter
    /// only to claims outside of transactions, and to [`run`](Self::run).
    pub async fn begin(&self, claim: &Claim) -> Result<Begun<Tx<Self>>, TxError> {
        tx::begin(self, claim).await
    }

    /// The same in one: begins, runs the effect in the transaction, and completes it with the record
    /// that the effect returns, which is kept for [`Claim::keep`]. What comes is
    /// [`Begun::First`] with this record, or [`Begun::Replay`] with that of another try; or what else
    /// [`begin`](Self::begin) may say, and the effect has not run.
    ///
    /// Where the effect fails, or is dropped, everything is rolled back, and the next try is the
    /// first.
    ///
    /// ```
    /// use mainstay_idempotency::{Claim, Fingerprint, Key, Scope};
    /// use mainstay_sqlx::{Begun, SqliteStore, TxError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("orders.db")).await?;
    /// # sqlx::query("CREATE TABLE orders (item TEXT)").execute(store.pool()).await?;
    /// let key = Key::new(&Scope::of(["tenant-7", "POST /orders"]), "c8f3")?;
    /// let claim = Claim::new(key, Fingerprint::of([&b"{}"[..]]));
    /// let begun = store.run(&claim, async |tx| {
    ///     sqlx::query("INSERT INTO orders VALUES ('lamp')").execute(tx.as_mut()).await?;
    ///     Ok::<_, TxError>("created".into())
    /// });
    /// assert!(matches!(begun.await?, Begun::First(answer) if answer == "created"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<E: From<TxError>>(
        &self,
        claim: &Claim,
        effect: impl AsyncFnOnce(&mut Tx<Self>) -> Result<Bytes, E>,
    ) -> Result<Begun<Bytes>, E> {
        tx::run(self, claim, effect).await
    }

    /// Begins a transaction with `BEGIN IMMEDIATE` when it is its turn to write, as
    /// [`begin`](Self::begin) does, without a claim: to [`join`](Self::join), to
    /// [`complete_in`](Self::complete_in), or for other writes to the same file. What writes beside
    /// this queue waits as `SQLite` waits: each for itself, and now and then until it gives up.
    ///
    /// Have one at a time: a second one would wait for the first.
    pub async fn transaction(&self) -> Result<WriteTx, TxError> {
        let (transaction, place) = Backend::open(self).await?;
        Ok(WriteTx::new(transaction, place))
    }

    /// Claims in a transaction that was begun before, by [`transaction`](Self::transaction). One
    /// that was begun otherwise is not in the queue of writers, and has to be begun with
    /// `BEGIN IMMEDIATE`: one that has read and then cannot write fails with
    /// [`Conflict`](crate::TxErrorKind::Conflict), and one that finds another writing is
    /// [unavailable](crate::TxErrorKind::Unavailable).
    pub async fn join(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        claim: &Claim,
    ) -> Result<Begun<Joined<Self>>, TxError> {
        let connection: &mut SqliteConnection = transaction;
        tx::join(self, connection, claim).await
    }

    /// Completes a claim that was [kept](Joined::keep) by an earlier transaction, in this one: what
    /// else is done in it is committed with the record, for `keep` from now on, or not at all.
    ///
    /// # Errors
    ///
    /// [`Lost`](crate::TxErrorKind::Lost) if the claim was taken over, completed or released, or has
    /// expired. After any error the transaction has to be rolled back.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use bytes::Bytes;
    /// # use mainstay_idempotency::{Claim, Fingerprint, Key, Scope};
    /// # use mainstay_sqlx::{Begun, SqliteStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("orders.db")).await?;
    /// # let day = Duration::from_secs(24 * 3600);
    /// # let claim = Claim::new(Key::new(&Scope::everybody(), "c8f3")?, Fingerprint::of([]));
    /// let mut tx = store.transaction().await?;
    /// let joined = match store.join(tx.transaction(), &claim).await? {
    ///     Begun::First(joined) => joined,
    ///     Begun::Replay(_answer) => return Ok(()), // to be given again
    ///     other => return Err(format!("409 or 422: {other:?}").into()),
    /// };
    /// let held = joined.keep(); // with the order, which is to be paid
    /// tx.commit().await?;
    ///
    /// // Elsewhere the money is taken, under `held.fence`.
    ///
    /// let mut tx = store.transaction().await?;
    /// store.complete_in(tx.transaction(), &held, Bytes::from("paid"), day).await?;
    /// tx.commit().await?; // that it is paid and the answer, or neither
    /// # assert!(matches!(store.begin(&claim).await?, Begun::Replay(it) if it == "paid"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete_in(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<(), TxError> {
        let connection: &mut SqliteConnection = transaction;
        if held::complete(connection, held, &record, keep).await? {
            return Ok(());
        }
        Err(TxError::new(TxErrorKind::Lost))
    }

    /// What has become of a transaction whose commit was not answered: one that has claimed, or one
    /// that has [completed](Self::complete_in) what was kept. Asks for as long as
    /// [`wait`](Self::wait) says and a second.
    pub async fn settle(&self, held: &Held) -> Result<Settled, TxError> {
        tx::settle(self, held).await
    }

    /// Removes up to `limit` rows that have expired, the oldest first, and says how many. Call it
    /// now and then, and again at once as long as it removes as many as it may.
    pub async fn sweep(&self, limit: u32) -> Result<u64, TxError> {
        let _place = self.place().await?;
        let mut connection = self.connection().await?;
        Ok(sqlx::query(sql::SWEEP).bind(limit).execute(&mut *connection).await?.rows_affected())
    }

    /// Within the same limit: where there is one connection, it may be the writer's, and who has the
    /// place of the writer keeps all others waiting meanwhile.
    pub(super) async fn connection(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        within(self.wait, self.pool.acquire()).await
    }

    pub(super) async fn place(&self) -> Result<WriterPlace, sqlx::Error> {
        self.queue.wait(self.wait).await
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row, SqliteConnection};

    use crate::sqlite::SQLITE_SCHEMA;
    use crate::sqlite::sql::SWEEP;

    /// However many rows there are that have not expired, they are not read.
    #[tokio::test]
    async fn a_sweep_reads_what_has_expired() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(SQLITE_SCHEMA).execute(&mut connection).await.unwrap();
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {SWEEP}"));
        let plan = sqlx::query(explain).bind(1).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        assert!(plan.iter().any(|step| step.ends_with("(expires_at<?)")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:?}");
    }
}
