//! What a claim costs: statements are counted where sqlx logs them.
//!
//! In a process of its own: who listens to logs is set once, before the first of them.

#![cfg(test)]

#[path = "it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "this uses a part of it")]
mod support;

use std::collections::HashMap;
use std::sync::{Mutex, Once};

use bytes::Bytes;
use mainstay_idempotency::{Claimed, Store};
use mainstay_sqlx::{Begun, PgStore, SqliteStore};
use tracing::subscriber::set_global_default;
use tracing::{Event, Instrument, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;

use support::{File, KEEP, Rows, again, claim, pg_pool, shared};

const RECORD: Bytes = Bytes::from_static(b"record");

/// Counts sqlx's statements by the span that they are in, which threads of `SQLite` enter as well.
struct Counts;

static BY_SPAN: Mutex<Option<HashMap<u64, usize>>> = Mutex::new(None);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counts {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.lookup_current() else { return };
        if event.metadata().target() == "sqlx::query" {
            let mut counts = BY_SPAN.lock().unwrap();
            *counts.get_or_insert_default().entry(span.id().into_u64()).or_default() += 1;
        }
    }
}

/// To be called before anything is logged.
fn listen() {
    static SET: Once = Once::new();
    SET.call_once(|| set_global_default(registry().with(Counts)).unwrap());
}

/// How many statements this takes.
async fn count<T>(calls: impl Future<Output = T>) -> usize {
    let span = info_span!("counted");
    let id = span.id().unwrap().into_u64();
    calls.instrument(span).await;
    BY_SPAN.lock().unwrap().as_mut().and_then(|counts| counts.remove(&id)).unwrap_or_default()
}

/// Claim, effect and answer take so many statements more than the effect alone.
macro_rules! more_than_the_effect {
    ($store:ty, $one:expr, $more:expr) => {{
        let store = $one;
        let alone = count(async {
            let mut tx = store.begin_by_hand().await;
            <$store>::add(&mut tx, &claim()).await.unwrap();
            tx.commit().await.unwrap();
        });
        let alone = alone.await;
        assert!(alone >= 1, "the effect is counted");
        let all = count(async {
            let first = claim();
            let Begun::First(mut tx) = store.begin(&first).await.unwrap() else { panic!() };
            <$store>::add(&mut tx, &first).await.unwrap();
            tx.complete(RECORD, KEEP).await.unwrap();
        });
        assert_eq!(all.await, alone + $more);
    }};
}

#[tokio::test]
async fn on_sqlite() {
    listen();
    let file = File::new();
    let store = file.store().await;
    // What a new connection says of itself is not counted.
    let most = store.pool().options().get_max_connections();
    let mut connections = Vec::new();
    for _ in 0..most {
        connections.push(store.pool().acquire().await.unwrap());
    }
    drop(connections);
    while store.pool().num_idle() < usize::try_from(most).unwrap() {
        tokio::task::yield_now().await;
    }
    // The look, which waits for nobody, the claim and the answer.
    more_than_the_effect!(SqliteStore, store, 3);
}

#[tokio::test]
async fn on_postgres() {
    listen();
    let store = PgStore::new(pg_pool(shared(), 1).await);
    store.make_rows().await;
    more_than_the_effect!(PgStore, store.clone(), 2);

    // Outside of transactions each call is one.
    let first = claim();
    let Claimed::First(held) = store.claim(&first).await.unwrap() else { panic!() };
    assert_eq!(count(store.claim(&claim())).await, 1);
    assert_eq!(count(store.claim(&first)).await, 1);
    assert_eq!(count(store.claim(&again(&first))).await, 1);
    assert_eq!(count(store.renew(&held, KEEP)).await, 1);
    assert_eq!(count(store.complete(&held, RECORD, KEEP)).await, 1);
    assert_eq!(count(store.claim(&again(&first))).await, 1);
    assert_eq!(count(store.release(&held)).await, 1);
}
