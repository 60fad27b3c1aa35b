use mainstay_sqlx::{Begun, PgStore};

use super::server::by_eight;
use crate::Operation;
use crate::idempotency::claims::{KEEP, ORDER, RECORD, claim};

pub(super) fn transactions() -> Operation {
    by_eight(PgStore::new, once)
}

async fn once(store: PgStore) -> Result<(), sqlx::Error> {
    let claim = claim();
    let begun = store.begin(&claim).await.expect("a database");
    let Begun::First(mut tx) = begun else { unreachable!("a new key") };
    sqlx::query(ORDER).bind(claim.key.to_string()).execute(&mut *tx).await?;
    tx.complete(RECORD, KEEP).await.expect("a database");
    Ok(())
}
