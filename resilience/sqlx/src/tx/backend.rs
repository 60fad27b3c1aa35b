use std::fmt;
use std::time::Duration;

use mainstay_idempotency::{Claim, Claimed, Held};
use sqlx::{Database, Transaction};

use super::settled::Settled;
use crate::error::TxError;
use crate::turns::Turns;

/// A store that can claim in a transaction: [`PgStore`](crate::PgStore) or
/// [`SqliteStore`](crate::SqliteStore).
#[expect(unnameable_types, reason = "so that nobody else can implement it")]
pub trait Backend: Clone + fmt::Debug + Send + Sync + 'static {
    /// Whether a lock that a claim waits for in vain is its key's. Otherwise it may be anybody's.
    #[doc(hidden)]
    const LOCKS_KEYS: bool;

    /// The database.
    type Database: Database;
    /// What a transaction has from its beginning to its end, besides its connection.
    type Place: fmt::Debug + Send + 'static;

    /// Where tries of one key wait for each other.
    #[doc(hidden)]
    fn turns(&self) -> &Turns;

    /// How long they do.
    #[doc(hidden)]
    fn wait(&self) -> Duration;

    /// Begins a transaction that is to write.
    #[doc(hidden)]
    fn open(&self) -> impl Future<Output = Result<Opened<Self>, TxError>> + Send;

    /// What keeps from claiming, where that can be read without a transaction.
    #[doc(hidden)]
    fn look(
        &self,
        _claim: &Claim,
    ) -> impl Future<Output = Result<Option<Claimed>, TxError>> + Send {
        async { Ok(None) }
    }

    /// Ends a transaction in which nothing was done.
    #[doc(hidden)]
    fn give_up(&self, opened: Opened<Self>) -> impl Future<Output = ()> + Send {
        drop(opened);
        async {}
    }

    /// [`Store::claim`](mainstay_idempotency::Store::claim) in a transaction.
    #[doc(hidden)]
    fn claim_in(
        &self,
        connection: &mut Connection<Self>,
        claim: &Claim,
    ) -> impl Future<Output = Result<Claimed, sqlx::Error>> + Send;

    /// Stores the record in a transaction; `false` if the claim is not there.
    #[doc(hidden)]
    fn complete_in(
        &self,
        connection: &mut Connection<Self>,
        held: &Held,
        record: &[u8],
        keep: Duration,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Waits for the end of the transaction in which the claim was made or completed, and reads what
    /// is there.
    #[doc(hidden)]
    fn read_settled(&self, held: &Held) -> impl Future<Output = Result<Settled, TxError>> + Send;
}

/// The connection of a backend.
pub(crate) type Connection<S> = <<S as Backend>::Database as Database>::Connection;

/// A transaction, and what comes with it.
pub(crate) type Opened<S> = (Transaction<'static, <S as Backend>::Database>, <S as Backend>::Place);
