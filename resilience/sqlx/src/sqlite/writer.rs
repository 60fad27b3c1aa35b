use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::queue::WriterPlace;
use crate::error::TxError;

/// A transaction that writes when it is its turn: see
/// [`SqliteStore::transaction`](crate::SqliteStore::transaction).
///
/// It is used as sqlx's own: `execute(&mut *tx)`. Dropped before it is [committed](Self::commit),
/// all of it is rolled back.
#[must_use = "dropping it rolls everything back"]
pub struct WriteTx {
    // In this order: the next has its turn when the rollback is on its way.
    transaction: Transaction<'static, Sqlite>,
    _place: WriterPlace,
}

impl WriteTx {
    pub(super) fn new(transaction: Transaction<'static, Sqlite>, place: WriterPlace) -> Self {
        Self { transaction, _place: place }
    }

    /// sqlx's transaction, for functions that take one.
    pub fn transaction(&mut self) -> &mut Transaction<'static, Sqlite> {
        &mut self.transaction
    }

    /// Commits it.
    pub async fn commit(self) -> Result<(), TxError> {
        Ok(self.transaction.commit().await?)
    }

    /// Undoes everything.
    pub async fn roll_back(self) -> Result<(), TxError> {
        Ok(self.transaction.rollback().await?)
    }
}

impl Deref for WriteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

impl AsMut<SqliteConnection> for WriteTx {
    fn as_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

impl fmt::Debug for WriteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTx").finish_non_exhaustive()
    }
}
