use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Transaction};

use super::PgStore;
use super::transaction::{Sight, begin};

/// A connection for one call.
#[derive(Debug)]
pub(super) enum Line {
    /// Each statement is a transaction.
    Direct(PoolConnection<Postgres>),
    /// A pooler gives the same connection to statements of one transaction only: also to the two
    /// steps in which a statement is sent.
    Pinned(Transaction<'static, Postgres>),
}

impl Line {
    pub(super) async fn open(store: &PgStore) -> Result<Self, sqlx::Error> {
        if store.is_pooled {
            return Ok(Self::Pinned(begin(store, Sight::Committed).await?));
        }
        Ok(Self::Direct(store.connection().await?))
    }

    /// Commits what has been done.
    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Pinned(transaction) => transaction.commit().await,
        }
    }
}

impl Deref for Line {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Direct(connection) => connection,
            Self::Pinned(transaction) => transaction,
        }
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Direct(connection) => connection,
            Self::Pinned(transaction) => transaction,
        }
    }
}
