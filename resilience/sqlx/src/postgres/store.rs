use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Held};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::line::Line;
use super::migrate::migrate;
use super::patience::Patience;
use super::retrying::retrying;
use super::{held, sql};
use crate::again::within;
use crate::brief::brief;
use crate::error::{TxError, TxErrorKind};
use crate::migrate::MigrateError;
use crate::turns::Turns;
use crate::tx::{self, Begun, Joined, Settled, Tx};

/// How long a transaction waits for another with the same key, and a call for locks.
const WAIT: Duration = Duration::from_secs(3);

/// Claims in PostgreSQL, version 12 or newer.
///
/// Each call is one statement and one round trip, and nothing is kept in a session. One that cannot
/// be granted writes nothing and waits for no disk.
///
/// # What it rests on
///
/// Claims and records are on disk when a call returns, unless `synchronous_commit` is off; with it
/// off the fence of a claim that a crash has undone may be given again. Fences come from a sequence
/// and rise whatever becomes of the rows. Those of a [`Tx`] are on disk with its commit: before, a
/// crash may undo the drawing of the number, so it is not for effects outside of the transaction.
/// Leases and expiry go by the server's clock (`clock_timestamp()`).
///
/// # Statistics
///
/// Leave `autovacuum` on, also for a table that is small yet: a connection that has prepared its
/// statements while it was reads the whole of it for each claim, until it is next analysed.
///
/// # `PgBouncer`
///
/// Behind a pooler that gives each transaction another connection, say so with
/// [`pooled`](Self::pooled), and make connections with
/// [`statement_cache_capacity(0)`](sqlx::postgres::PgConnectOptions::statement_cache_capacity), for
/// your own statements, and
/// [`extra_float_digits(None)`](sqlx::postgres::PgConnectOptions::extra_float_digits), a setting
/// with which such a pooler refuses connections unless it is told to ignore it.
#[derive(Clone, Debug)]
pub struct PgStore {
    pub(super) pool: PgPool,
    pub(super) turns: Turns,
    pub(super) patience: Patience,
    /// Of claims outside of transactions.
    pub(super) brief: Patience,
    pub(super) is_pooled: bool,
}

impl PgStore {
    /// On this pool. The tables have to be there: see [`migrate`](Self::migrate).
    ///
    /// Clones share the line in which tries with the same key wait: make one store, and clone it.
    pub fn new(pool: PgPool) -> Self {
        let (patience, brief) = (Patience::of(WAIT), Patience::of(brief(WAIT)));
        Self { pool, turns: Turns::default(), patience, brief, is_pooled: false }
    }

    /// Makes the tables, or brings them to the version of this release. Several processes may do it
    /// at once. Where they are there, no right to make tables is needed.
    ///
    /// They are made in the first schema of the search path: the tables `mainstay_idempotency` and
    /// `mainstay_idempotency_version` and the sequence `mainstay_idempotency_fence`, as in
    /// [`POSTGRES_SCHEMA`](crate::POSTGRES_SCHEMA). Services that share a schema share keys: the
    /// name of the service belongs into the [`Scope`](mainstay_idempotency::Scope) of each, or each
    /// has a schema of its own.
    ///
    /// From then on an account needs `USAGE` on that schema and on the sequence; `SELECT`, `INSERT`,
    /// `UPDATE` and `DELETE` on `mainstay_idempotency`; and to come by here again `SELECT` on
    /// `mainstay_idempotency_version`.
    pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
        migrate(pool).await
    }

    /// How long a transaction waits for another with the same key, once in this process and once in
    /// the database, and a call for a connection and for the lock of its row: 3 s by default. After
    /// that the one is answered [`Begun::Running`], and the other is unavailable.
    ///
    /// A claim outside of transactions waits for another but briefly, for 75 ms in this process and
    /// as long in the database, and is then answered
    /// [`Running`](mainstay_idempotency::Claimed::Running): who makes it asks again.
    ///
    /// Locks of whole tables are not meant: while somebody has `mainstay_idempotency` locked, as
    /// `VACUUM FULL` does, a call waits as long as the session's own `lock_timeout` and
    /// `statement_timeout` say, which are not set by default. Where one of these ends a claim, it is
    /// answered as if another try were at it.
    ///
    /// A try that waits for one in the same process has no connection. One that waits for another
    /// process has one for so long, one for each key at the most: with many keys in such a wait a
    /// small pool is used up until the limit.
    #[must_use]
    pub fn wait(mut self, limit: Duration) -> Self {
        self.patience = Patience::of(limit);
        self.brief = Patience::of(brief(limit));
        self
    }

    /// Works behind a pooler such as `PgBouncer` in transaction mode: each call is a transaction,
    /// and nothing is prepared for later. It takes three more round trips.
    #[must_use]
    pub fn pooled(mut self) -> Self {
        self.is_pooled = true;
        self
    }

    /// The pool.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction with a claim: what is done in it happens once, whatever happens.
    ///
    /// Two statements more than the effect alone: the claim, and the answer. Both are written to
    /// disk with the effect, at its commit.
    ///
    /// What is claimed and committed is completed, so [`Claim::lease`] and [`Claim::keep`] matter
    /// only to claims outside of transactions, and to [`run`](Self::run).
    ///
    /// The claim needs no more than `READ COMMITTED`. Where the database's default isolation is
    /// higher, conflicts of the claim are waited out here; those of the effect and of the answer are
    /// the caller's to run again from here on: see [`TxError::is_retryable`] and
    /// [`is_conflict`](crate::is_conflict). At `SERIALIZABLE` tries of unrelated keys are in each
    /// other's way as well, as their claims are read and written in the same pages.
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
    /// ```no_run
    /// use mainstay_idempotency::Claim;
    /// use mainstay_sqlx::{Begun, PgStore, TxError};
    ///
    /// # async fn place(store: PgStore, claim: &Claim) -> Result<(), TxError> {
    /// let begun = store.run(claim, async |tx| {
    ///     sqlx::query("INSERT INTO orders VALUES ('lamp')").execute(tx.as_mut()).await?;
    ///     Ok::<_, TxError>("created".into())
    /// });
    /// match begun.await? {
    ///     Begun::First(answer) | Begun::Replay(answer) => println!("{answer:?}"),
    ///     other => println!("409 or 422: {other:?}"),
    /// }
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

    /// Claims in a transaction that was begun before.
    ///
    /// After [`Begun::Running`] without a time, and after an error, the transaction has to be rolled
    /// back.
    pub async fn join(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        claim: &Claim,
    ) -> Result<Begun<Joined<Self>>, TxError> {
        let connection: &mut PgConnection = transaction;
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
    /// Stop renewing the claim before, and commit next: until then a renewal waits for this
    /// transaction, as does every other call with this claim.
    ///
    /// ```no_run
    /// # use mainstay_idempotency::Claim;
    /// # use mainstay_sqlx::{Begun, PgStore};
    /// # async fn pay(store: PgStore, claim: &Claim) -> Result<bytes::Bytes, Box<dyn std::error::Error>> {
    /// let mut tx = store.pool().begin().await?;
    /// let joined = match store.join(&mut tx, claim).await? {
    ///     Begun::First(joined) => joined,
    ///     Begun::Replay(answer) => return Ok(answer),
    ///     other => return Err(format!("409 or 422: {other:?}").into()),
    /// };
    /// let held = joined.keep(); // with the order, which is to be paid
    /// tx.commit().await?;
    ///
    /// // Elsewhere the money is taken, under `held.fence`.
    ///
    /// let mut tx = store.pool().begin().await?;
    /// store.complete_in(&mut tx, &held, "paid".into(), claim.keep).await?;
    /// tx.commit().await?; // that it is paid and the answer, or neither
    /// # Ok("paid".into())
    /// # }
    /// ```
    pub async fn complete_in(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<(), TxError> {
        let connection: &mut PgConnection = transaction;
        if held::complete(self, connection, held, &record, keep).await? {
            return Ok(());
        }
        Err(TxError::new(TxErrorKind::Lost))
    }

    /// What has become of a transaction whose commit was not answered: one that has claimed, or one
    /// that has [completed](Self::complete_in) what was kept. Waits for its end, and asks for as long
    /// as [`wait`](Self::wait) says and a second.
    pub async fn settle(&self, held: &Held) -> Result<Settled, TxError> {
        tx::settle(self, held).await
    }

    /// Removes up to `limit` rows that have expired, the oldest first, and says how many. Call it
    /// now and then, and again at once as long as it removes as many as it may. Several may sweep
    /// at once.
    ///
    /// It slows down while a transaction is open that began long ago, here or on a replica that
    /// reports its own: until that ends, rows that are removed are stepped over each time.
    pub async fn sweep(&self, limit: u32) -> Result<u64, TxError> {
        Ok(retrying(|| self.swept(limit)).await?)
    }

    async fn swept(&self, limit: u32) -> Result<u64, sqlx::Error> {
        let mut line = Line::open(self).await?;
        let query = sqlx::query(sql::SWEEP).persistent(!self.is_pooled).bind(i64::from(limit));
        let swept = query.execute(&mut *line).await?.rows_affected();
        line.close().await?;
        Ok(swept)
    }

    /// A server that is down, or a pool that is used up, is not waited for any longer.
    pub(super) async fn connection(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        within(self.patience.wait, self.pool.acquire()).await
    }
}
