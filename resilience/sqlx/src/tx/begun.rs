use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Held};

use super::backend::{Backend, Connection};
use super::joined::Joined;
use super::tx::Tx;
use crate::again::{TRIES, pause};
use crate::error::{TxError, TxErrorKind};
use crate::failure::Failure;
use crate::turns::{Taken, Turn};

/// What came of beginning a transaction with a claim.
///
/// `T` is what the first try is given: a [`Tx`], or a [`Joined`] where the transaction was begun
/// before; and of [`run`](crate::PgStore::run) the record that it has made.
#[derive(Debug)]
#[must_use]
pub enum Begun<T> {
    /// The key is this one's: run the effect in the transaction, and complete it.
    First(T),
    /// The effect has happened: its record, byte for byte.
    Replay(Bytes),
    /// Another try is at it, and was not done within the [limit](crate::PgStore::wait).
    Running {
        /// How long its lease lasts yet. `None` where it is in a transaction, which has no lease.
        left: Option<Duration>,
    },
    /// Another try was at it outside of a transaction, and its lease has ended: whether the effect
    /// has happened nobody knows. Only where claims are not taken over.
    Abandoned,
    /// The key was used to ask for something else.
    Reused,
}

impl<T> Begun<T> {
    /// What the first is given, or what all others are told.
    pub(super) fn first<U>(self) -> Result<T, Begun<U>> {
        Err(match self {
            Self::First(first) => return Ok(first),
            Self::Replay(record) => Begun::Replay(record),
            Self::Running { left } => Begun::Running { left },
            Self::Abandoned => Begun::Abandoned,
            Self::Reused => Begun::Reused,
        })
    }
}

/// The claim, or what keeps a try from it.
fn granted<T>(claimed: Claimed) -> Result<Held, Begun<T>> {
    Err(match claimed {
        Claimed::First(held) => return Ok(held),
        Claimed::Completed(record) => Begun::Replay(record),
        Claimed::Running { left } => Begun::Running { left: Some(left) },
        Claimed::Abandoned => Begun::Abandoned,
        Claimed::Reused => Begun::Reused,
    })
}

/// Begins a transaction and claims the key in it, when it is this try's turn.
pub(crate) async fn begin<S: Backend>(store: &S, claim: &Claim) -> Result<Begun<Tx<S>>, TxError> {
    let turn = match store.turns().take(claim.key, store.wait()).await {
        Taken::Turn(turn) => turn,
        Taken::Late => return Ok(Begun::Running { left: None }),
        Taken::Crowded => return Err(TxError::new(TxErrorKind::Unavailable)),
    };
    begin_in_turn(store, claim, turn).await
}

/// Nothing has been done before the claim, so what is in its way can be waited out.
async fn begin_in_turn<S: Backend>(
    store: &S,
    claim: &Claim,
    turn: Turn,
) -> Result<Begun<Tx<S>>, TxError> {
    if let Some(claimed) = store.look(claim).await?
        && let Err(begun) = granted(claimed)
    {
        return Ok(begun);
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let (mut transaction, place) = store.open().await?;
        match store.claim_in(&mut transaction, claim).await {
            Ok(claimed) => match granted(claimed) {
                Ok(held) => {
                    let tx = Tx::new(transaction, (place, turn), held, store.clone());
                    return Ok(Begun::First(tx));
                }
                Err(begun) => {
                    store.give_up((transaction, place)).await;
                    return Ok(begun);
                }
            },
            Err(error) => match Failure::of(&error) {
                Failure::Locked if S::LOCKS_KEYS => return Ok(Begun::Running { left: None }),
                Failure::Conflict if tries < TRIES => {}
                _ => return Err(error.into()),
            },
        }
        drop((transaction, place));
        pause(tries).await;
    }
}

/// Claims the key in a transaction that is somebody else's.
pub(crate) async fn join<S: Backend>(
    store: &S,
    connection: &mut Connection<S>,
    claim: &Claim,
) -> Result<Begun<Joined<S>>, TxError> {
    match store.claim_in(connection, claim).await {
        Ok(claimed) => Ok(match granted(claimed) {
            Ok(held) => Begun::First(Joined::new(held, store.clone())),
            Err(begun) => begun,
        }),
        Err(error) if S::LOCKS_KEYS && Failure::of(&error) == Failure::Locked => {
            Ok(Begun::Running { left: None })
        }
        Err(error) => Err(error.into()),
    }
}
