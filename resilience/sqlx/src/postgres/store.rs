use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Held};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::line::Line;
use super::migrate::migrate;
use super::retrying::retrying;
use super::{held, sql};
use crate::error::{TxError, TxErrorKind};
use crate::migrate::MigrateError;
use crate::turns::Turns;
use crate::tx::{self, Begun, Joined, Settled, Tx};

/// How long a call waits for locks, and a transaction for another with the same key.
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
/// Leases and expiry go by the server's clock
/// (`clock_timestamp()`).
///
/// # `PgBouncer`
///
/// Behind a pooler that gives each transaction another connection, say so with
/// [`pooled`](Self::pooled), and make connections with
/// [`statement_cache_capacity(0)`](sqlx::postgres::PgConnectOptions::statement_cache_capacity), for
/// your own statements.
#[derive(Clone, Debug)]
pub struct PgStore {
    pub(super) pool: PgPool,
    pub(super) turns: Turns,
    pub(super) wait: Duration,
    /// The same, for statements.
    limit: Arc<str>,
    pub(super) is_pooled: bool,
}

impl PgStore {
    /// On this pool. The tables have to be there: see [`migrate`](Self::migrate).
    ///
    /// Clones share the line in which tries with the same key wait: make one store, and clone it.
    pub fn new(pool: PgPool) -> Self {
        let limit = lock_timeout(WAIT);
        Self { pool, turns: Turns::default(), wait: WAIT, limit, is_pooled: false }
    }

    /// Makes the tables, or brings them to the version of this release. Several processes may do it
    /// at once. Where they are there, no right to make tables is needed.
    ///
    /// They are made in the first schema of the search path: the tables `mainstay_idempotency` and
    /// `mainstay_idempotency_version` and the sequence `mainstay_idempotency_fence`, as in
    /// [`POSTGRES_SCHEMA`](crate::POSTGRES_SCHEMA).
    pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
        migrate(pool).await
    }

    /// How long a call waits for the lock of its key and row, and a transaction for another with the same key, once in
    /// this process and once in the database: 3 s by default. After that the one is unavailable,
    /// and the other is answered [`Begun::Running`].
    ///
    /// Locks of whole tables are not meant: while somebody has `mainstay_idempotency` locked, as
    /// `VACUUM FULL` does, a call waits as long as the session's own `lock_timeout` and
    /// `statement_timeout` say, which are not set by default. Where that `lock_timeout` ends a
    /// claim, it is answered as if another try were at it.
    ///
    /// A try that waits for one in the same process has no connection. One that waits for another
    /// process has one for so long, one for each key at the most: with many keys in such a wait a
    /// small pool is used up until the limit.
    #[must_use]
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self.limit = lock_timeout(limit);
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
    /// only to claims outside of transactions.
    ///
    /// Where the database's default isolation is higher than `READ COMMITTED`, conflicts of the
    /// claim are waited out here; those of the effect are the caller's to run again from here on:
    /// see [`TxError::is_retryable`] and [`is_conflict`](crate::is_conflict).
    pub async fn begin(&self, claim: &Claim) -> Result<Begun<Tx<Self>>, TxError> {
        tx::begin(self, claim).await
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
    /// Commit next: from here on the transaction waits for locks no longer than
    /// [`wait`](Self::wait) says.
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

    /// What has become of a transaction whose commit was not answered. Waits for its end, and asks
    /// for as long as [`wait`](Self::wait) says and a second.
    pub async fn settle(&self, held: &Held) -> Result<Settled, TxError> {
        tx::settle(self, held).await
    }

    /// Removes up to `limit` rows that have expired, the oldest first, and says how many. Call it
    /// now and then, and again at once as long as it removes as many as it may. Several may sweep
    /// at once.
    pub async fn sweep(&self, limit: u32) -> Result<u64, sqlx::Error> {
        retrying(|| self.swept(limit)).await
    }

    async fn swept(&self, limit: u32) -> Result<u64, sqlx::Error> {
        let mut line = Line::open(self).await?;
        let query = sqlx::query(sql::SWEEP).persistent(!self.is_pooled).bind(i64::from(limit));
        let swept = query.execute(&mut *line).await?.rows_affected();
        line.close().await?;
        Ok(swept)
    }

    /// The limit as PostgreSQL reads it.
    pub(super) fn limit(&self) -> &str {
        &self.limit
    }
}

/// As PostgreSQL reads it: 0 is no limit there, and milliseconds have 31 bits.
fn lock_timeout(wait: Duration) -> Arc<str> {
    format!("{}ms", wait.as_millis().clamp(1, 1 << 30)).into()
}
