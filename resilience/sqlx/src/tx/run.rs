use bytes::Bytes;
use mainstay_idempotency::Claim;

use super::backend::Backend;
use super::begun::{Begun, begin};
use super::tx::Tx;
use crate::error::TxError;

/// Begins, runs the effect, and completes.
pub(crate) async fn run<S: Backend, E: From<TxError>>(
    store: &S,
    claim: &Claim,
    effect: impl AsyncFnOnce(&mut Tx<S>) -> Result<Bytes, E>,
) -> Result<Begun<Bytes>, E> {
    let mut tx = match begin(store, claim).await?.first() {
        Ok(tx) => tx,
        Err(begun) => return Ok(begun),
    };
    let record = effect(&mut tx).await?;
    tx.complete(record.clone(), claim.keep).await?;
    Ok(Begun::First(record))
}
