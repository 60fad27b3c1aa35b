//! Fences rise, however many claim and whatever becomes of the rows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_idempotency::{Claimed, Fence, Store};
use mainstay_sqlx::{PgStore, SqliteStore};
use tokio::task::JoinSet;

use crate::support::{File, again, claim, pg_pool, shared};

/// Each holder writes its fence down while it holds the key, and then frees the key, so that the
/// next inserts a row that was not there before.
async fn rises<S: Store>(stores: Vec<S>, sweep: impl AsyncFn()) {
    let first = claim();
    let fences = Arc::new(Mutex::new(Vec::<Fence>::new()));
    let mut holders = JoinSet::new();
    for store in stores {
        let (first, fences) = (first.clone(), Arc::clone(&fences));
        holders.spawn(async move {
            let mut granted = 0;
            while granted < 40 {
                let Claimed::First(held) = store.claim(&again(&first)).await.unwrap() else {
                    continue;
                };
                fences.lock().unwrap().push(held.fence);
                store.release(&held).await.unwrap();
                granted += 1;
            }
        });
    }
    while holders.join_next().await.transpose().unwrap().is_some() {
        sweep().await;
    }
    let fences = fences.lock().unwrap();
    assert!(fences.is_sorted_by(|before, after| before < after), "{fences:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(PgStore::new(pg_pool(shared(), 2).await));
    }
    let sweeper = stores[0].clone();
    rises(stores, async || assert!(sweeper.sweep(100).await.is_ok())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let file = File::new();
    let mut stores: Vec<SqliteStore> = Vec::new();
    for _ in 0..3 {
        stores.push(file.store().await);
    }
    let sweeper = stores[0].clone().wait(Duration::from_secs(30));
    rises(stores, async || assert!(sweeper.sweep(100).await.is_ok())).await;
}
