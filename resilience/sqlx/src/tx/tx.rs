use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Fence, Held};
use sqlx::Transaction;

use super::backend::{Backend, Connection};
use super::settled::{Settled, settle};
use super::watch::{Ending, Watch};
use crate::error::{TxError, TxErrorKind};
use crate::failure::Failure;
use crate::turns::Turn;

/// A transaction in which a key is claimed, and in which the effect is to be run.
///
/// It is used as sqlx's own: `execute(&mut *tx)`, or `execute(tx.as_mut())`.
/// [`complete`](Self::complete) commits the effect and the answer together. Dropped without that,
/// all of it is rolled back, and the next try is the first.
#[must_use = "dropping it rolls everything back"]
pub struct Tx<S: Backend> {
    // In this order: what others wait for is let go of when the rollback is on its way.
    transaction: Transaction<'static, S::Database>,
    place: (S::Place, Turn),
    held: Held,
    store: S,
    ending: Ending,
}

impl<S: Backend> Tx<S> {
    pub(super) fn new(
        transaction: Transaction<'static, S::Database>,
        place: (S::Place, Turn),
        held: Held,
        store: S,
    ) -> Self {
        Self { transaction, place, held, store, ending: Ending::new() }
    }

    /// The fence of the claim: higher than that of every one before that was committed.
    ///
    /// It is for what is done in the transaction. Until that is committed a crash or a rollback may
    /// undo the drawing of the number too, and the next transaction be given the same: for effects
    /// elsewhere, which keep the highest that they have seen, it is no protection before.
    pub fn fence(&self) -> Fence {
        self.held.fence
    }

    /// The claim.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// sqlx's transaction, for functions that take one.
    pub fn transaction(&mut self) -> &mut Transaction<'static, S::Database> {
        &mut self.transaction
    }

    /// Tells how this ends, for whoever hands it on.
    pub fn watch(&self) -> Watch {
        self.ending.watch()
    }

    /// Stores the record for `keep` from now on, and commits it with the effect.
    ///
    /// Where the commit is not answered the database is asked what has become of it, on another
    /// connection, for as long as the store's [`wait`](crate::PgStore::wait) says and a second, so
    /// that `Ok` and all errors but [`Unknown`](TxErrorKind::Unknown) are certain.
    ///
    /// # Cancellation
    ///
    /// Dropped before it ends, the transaction is committed or rolled back as a whole: which of the
    /// two, [`settle`](crate::PgStore::settle) or the next try learns.
    pub async fn complete(self, record: Bytes, keep: Duration) -> Result<(), TxError> {
        let Self { mut transaction, place, held, store, ending } = self;
        if !store.complete_in(&mut transaction, &held, &record, keep).await? {
            return Err(TxError::new(TxErrorKind::Lost));
        }
        ending.unknown();
        let (place, _turn) = place;
        let Err(error) = transaction.commit().await else {
            ending.completed();
            return Ok(());
        };
        // To be asked, a database that has one writer has to be let go of.
        drop(place);
        match become_of(&store, &held, error).await {
            Ok(()) => ending.completed(),
            Err(error) => {
                if error.kind() != TxErrorKind::Unknown {
                    ending.dropped();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Undoes everything, on purpose: the next try is the first.
    pub async fn roll_back(self) -> Result<(), TxError> {
        let Self { transaction, ending, .. } = self;
        ending.rolled_back();
        Ok(transaction.rollback().await?)
    }
}

/// What has become of a commit that was answered with an error, or not at all.
async fn become_of<S: Backend>(store: &S, held: &Held, error: sqlx::Error) -> Result<(), TxError> {
    if matches!(Failure::of(&error), Failure::Conflict | Failure::Refused) {
        return Err(error.into());
    }
    match settle(store, held).await {
        Ok(Settled::Stored(_)) => Ok(()),
        Ok(Settled::Held | Settled::NotStored) => Err(error.into()),
        Err(_) => Err(TxError::with(TxErrorKind::Unknown, error)),
    }
}

impl<S: Backend> Deref for Tx<S> {
    type Target = Connection<S>;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl<S: Backend> DerefMut for Tx<S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl<S: Backend> AsMut<Connection<S>> for Tx<S> {
    fn as_mut(&mut self) -> &mut Connection<S> {
        &mut self.transaction
    }
}

impl<S: Backend> fmt::Debug for Tx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("held", &self.held).finish_non_exhaustive()
    }
}
