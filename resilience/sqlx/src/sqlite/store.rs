use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Held};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::migrate::migrate;
use super::queue::{WriterPlace, WriterQueue};
use super::{held, sql};
use crate::again::{pause, within};
use crate::error::{TxError, TxErrorKind};
use crate::failure::Failure;
use crate::migrate::MigrateError;
use crate::turns::Turns;
use crate::tx::{self, Begun, Joined, Settled, Tx};

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
            let why = "the claims have to be in a file, not in memory";
            return Err(sqlx::Error::Configuration(why.into()).into());
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
    /// [`SQLITE_SCHEMA`](crate::SQLITE_SCHEMA).
    pub async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
        migrate(pool).await
    }

    /// How long a call waits for the writers before it, and a transaction for another with the same
    /// key: 3 s by default. After that the one is unavailable, and the other is answered
    /// [`Begun::Running`]. Writers of other processes are waited for as
    /// [`connect_options`](Self::connect_options) says.
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
    /// only to claims outside of transactions.
    pub async fn begin(&self, claim: &Claim) -> Result<Begun<Tx<Self>>, TxError> {
        tx::begin(self, claim).await
    }

    /// Claims in a transaction that was begun before, and that should have begun with
    /// `BEGIN IMMEDIATE`: one that has read and then cannot write fails with
    /// [`Conflict`](crate::TxErrorKind::Conflict). It does not wait in the queue of writers.
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
    /// # use mainstay_idempotency::{Claim, Fingerprint, Key, Nonce, Scope};
    /// # use mainstay_sqlx::{Begun, SqliteStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("orders.db")).await?;
    /// # let day = Duration::from_secs(24 * 3600);
    /// # let claim = Claim {
    /// #     key: Key::new(&Scope::everybody(), "c8f3")?,
    /// #     fingerprint: Fingerprint::of([&b"{}"[..]]),
    /// #     nonce: Nonce::unique(),
    /// #     lease: Duration::from_secs(30),
    /// #     keep: day,
    /// #     takes_over: true,
    /// # };
    /// let mut tx = store.pool().begin_with("BEGIN IMMEDIATE").await?;
    /// let joined = match store.join(&mut tx, &claim).await? {
    ///     Begun::First(joined) => joined,
    ///     Begun::Replay(_answer) => return Ok(()), // to be given again
    ///     other => return Err(format!("409 or 422: {other:?}").into()),
    /// };
    /// let held = joined.keep(); // with the order, which is to be paid
    /// tx.commit().await?;
    ///
    /// // Elsewhere the money is taken, under `held.fence`.
    ///
    /// let mut tx = store.pool().begin_with("BEGIN IMMEDIATE").await?;
    /// store.complete_in(&mut tx, &held, Bytes::from("paid"), day).await?;
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

    /// What has become of a transaction whose commit was not answered. Asks for as long as
    /// [`wait`](Self::wait) says and a second.
    pub async fn settle(&self, held: &Held) -> Result<Settled, TxError> {
        tx::settle(self, held).await
    }

    /// Removes up to `limit` rows that have expired, the oldest first, and says how many. Call it
    /// now and then, and again at once as long as it removes as many as it may.
    pub async fn sweep(&self, limit: u32) -> Result<u64, sqlx::Error> {
        let _place = self.queue.wait(self.wait).await?;
        Ok(sqlx::query(sql::SWEEP).bind(limit).execute(&self.pool).await?.rows_affected())
    }

    /// Within the same limit: where there is one connection, it may be the writer's.
    pub(super) async fn reader(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        within(self.wait, self.pool.acquire()).await
    }

    pub(super) async fn place(&self) -> Result<WriterPlace, sqlx::Error> {
        self.queue.wait(self.wait).await
    }
}
