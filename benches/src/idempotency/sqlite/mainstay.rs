use std::sync::Arc;

use mainstay_sqlx::{Begun, SqliteStore, TxError};

use super::{folder, make_orders};
use crate::Operation;
use crate::idempotency::claims::{KEEP, ORDER, RECORD, claim};
use crate::idempotency::clients::{clients, runtime};

pub(super) fn transactions(count: u64) -> Operation {
    let (folder, runtime) = (Arc::new(folder()), runtime());
    let store = runtime.block_on(async {
        let store = SqliteStore::open(folder.path().join("orders.db")).await.expect("a file");
        make_orders(store.pool()).await;
        store
    });
    clients(runtime, count, move || {
        let (store, folder) = (store.clone(), Arc::clone(&folder));
        async move {
            once(&store).await.expect("a database");
            drop(folder);
        }
    })
}

async fn once(store: &SqliteStore) -> Result<(), TxError> {
    let claim = claim();
    let Begun::First(mut tx) = store.begin(&claim).await? else { unreachable!("a new key") };
    sqlx::query(ORDER).bind(claim.key.to_string()).execute(&mut *tx).await?;
    tx.complete(RECORD, KEEP).await
}
