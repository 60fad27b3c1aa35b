//! What the database promises to the steps of an order, whichever it is.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use mainstay_examples::orders::idempotency::ScopedKey;
use mainstay_examples::orders::model::{Currency, Line, NewOrder, Order, Payment};
use mainstay_examples::orders::store::{Claimed, Hold, OpenError, Record, Store};
use mainstay_idempotency::{Fence, Fingerprint};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::support::{Database, eventually, on_each_database};

on_each_database!(
    one_of_many_claims_wins,
    only_the_last_holder_settles,
    a_holder_that_was_taken_over_changes_nothing,
    only_the_highest_fence_settles,
    only_the_first_holder_withdraws,
    the_reconciler_lets_an_order_be_for_a_while,
    a_database_keeps_its_id,
    a_database_of_an_older_release_is_refused,
);

async fn one_of_many_claims_wins(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let claims = (0..32).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { claim(&store).await })
    });
    // A hold that is dropped lets go of its claim.
    let mut won = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        match claim.await.unwrap() {
            Claimed::Ours(_, hold) => won.push(hold),
            other => assert!(matches!(other, Claimed::Busy), "{other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    let other = store.claim(&key("k"), &print("other print"), &new_order()).await.unwrap();
    assert!(matches!(other, Claimed::Reused), "{other:?}");
    won.remove(0).release().await;
    let other = store.claim(&key("k"), &print("other print"), &new_order()).await.unwrap();
    assert!(matches!(other, Claimed::Reused), "the order knows it: {other:?}");
    store.close().await;
}

async fn only_the_last_holder_settles(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let (order, first) = claimed(&store).await;
    let pending = async || store.pending(Duration::ZERO).await.unwrap().remove(0);
    assert!(store.take_over(&pending().await).await.unwrap().is_none(), "it is held");
    assert!(matches!(claim(&store).await, Claimed::Busy));

    drop(first);
    let (first, second) = eventually("the release", async || match claim(&store).await {
        Claimed::Ours(order, hold) => Some((order, hold)),
        _ => None,
    })
    .await;
    assert_eq!(first, order);
    second.release().await;
    let third = store.take_over(&pending().await).await.unwrap().unwrap();
    let paid = settled(&order, captured());
    assert!(third.settle(&paid).await.unwrap());
    let declined = settled(&order, Payment::Declined);
    assert!(!third.settle(&declined).await.unwrap(), "settled once and for all");

    assert_eq!(store.order(order.id).await.unwrap().unwrap(), paid.order);
    let again = claim(&store).await;
    assert!(matches!(again, Claimed::Answered(it) if it == paid));
    assert!(store.pending(Duration::ZERO).await.unwrap().is_empty());
    store.close().await;
}

/// The lease of a holder that is gone, or asleep for too long, runs out.
async fn a_holder_that_was_taken_over_changes_nothing(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let (order, stale) = claimed(&store).await;
    let second = eventually("the end of the lease", async || match claim(&store).await {
        Claimed::Ours(_, hold) => Some(hold),
        _ => None,
    })
    .await;
    let declined = settled(&order, Payment::Declined);
    assert!(!stale.settle(&declined).await.unwrap());
    assert!(!stale.withdraw().await.unwrap());
    stale.release().await;
    assert!(matches!(claim(&store).await, Claimed::Busy), "it is the second's still");
    let paid = settled(&order, captured());
    assert!(second.settle(&paid).await.unwrap());
    store.close().await;
}

/// Claims that are kept elsewhere have their fence alone.
async fn only_the_highest_fence_settles(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let adopt = async |fence| {
        store.adopt(&key("k"), &print("print"), &new_order(), Fence::new(fence)).await.unwrap()
    };
    let Claimed::Ours(order, first) = adopt(7).await else { panic!() };
    let Claimed::Ours(_, second) = adopt(9).await else { panic!() };
    assert!(matches!(adopt(8).await, Claimed::Busy));
    let (paid, declined) = (settled(&order, captured()), settled(&order, Payment::Declined));
    assert!(!first.settle(&declined).await.unwrap());
    assert!(!first.withdraw().await.unwrap() && !second.withdraw().await.unwrap());
    assert!(second.settle(&paid).await.unwrap());
    assert!(matches!(adopt(10).await, Claimed::Answered(it) if it == paid));
    store.close().await;
}

async fn only_the_first_holder_withdraws(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    assert!(!store.knows(&key("k")).await.unwrap());
    let (order, hold) = claimed(&store).await;
    assert!(store.knows(&key("k")).await.unwrap());
    assert!(hold.withdraw().await.unwrap());
    assert!(!hold.withdraw().await.unwrap(), "it is gone");
    hold.release().await;
    assert!(store.order(order.id).await.unwrap().is_none());
    assert!(!store.knows(&key("k")).await.unwrap());

    let (order, first) = claimed(&store).await;
    first.release().await;
    let (_, second) = claimed(&store).await;
    assert!(!second.withdraw().await.unwrap(), "the first may have charged");
    assert!(store.order(order.id).await.unwrap().is_some());

    let declined = settled(&order, Payment::Declined);
    assert!(second.settle(&declined).await.unwrap());
    second.settled().await;
    assert!(store.knows(&key("k")).await.unwrap());
    store.close().await;
}

async fn the_reconciler_lets_an_order_be_for_a_while(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let (order, hold) = claimed(&store).await;
    let due = async || store.pending(Duration::ZERO).await.unwrap();
    let stored = due().await.remove(0);
    assert!(store.take_over(&stored).await.unwrap().is_none(), "it is held");
    hold.release().await;
    for _ in 0..12 {
        store.postpone(order.id).await.unwrap();
        assert!(due().await.is_empty());
    }
    let hold = store.take_over(&stored).await.unwrap().expect("clients do not wait");
    store.forget_attempts(order.id).await.unwrap();
    assert_eq!(due().await.len(), 1);
    assert!(store.take_over(&stored).await.unwrap().is_none(), "it is held");
    hold.release().await;
    store.close().await;
}

async fn a_database_keeps_its_id(database: Database) {
    let first = Store::open(&database.url()).await.unwrap();
    let again = Store::open(&database.url()).await.unwrap();
    assert_eq!(first.id(), again.id());
    assert!(!first.id().is_empty());
    first.close().await;
    again.close().await;
}

async fn a_database_of_an_older_release_is_refused(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    store.close().await;
    let old = "DELETE FROM meta WHERE name = 'schema'";
    match &database {
        Database::Sqlite(_) => {
            let mut connection = SqliteConnection::connect(&database.url()).await.unwrap();
            sqlx::raw_sql(old).execute(&mut connection).await.unwrap();
        }
        Database::Postgres(_) => {
            let mut connection = PgConnection::connect(&database.url()).await.unwrap();
            sqlx::raw_sql(old).execute(&mut connection).await.unwrap();
        }
    }
    let refused = Store::open(&database.url()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Older), "{refused:?}");
}

async fn claim(store: &Store) -> Claimed {
    store.claim(&key("k"), &print("print"), &new_order()).await.unwrap()
}

async fn claimed(store: &Store) -> (Order, Hold) {
    match claim(store).await {
        Claimed::Ours(order, hold) => (order, hold),
        other => panic!("{other:?}"),
    }
}

fn captured() -> Payment {
    Payment::Captured("ch_1".to_owned())
}

/// The order with what the payment came to, and some answer.
fn settled(order: &Order, payment: Payment) -> Record {
    let body = format!("{payment:?}").into();
    Record { order: order.clone().settled(payment), body }
}

fn key(key: &'static str) -> ScopedKey {
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static(key));
    ScopedKey::from_headers("POST /test", &headers).unwrap()
}

fn print(of: &str) -> Fingerprint {
    Fingerprint::of([of.as_bytes()])
}

fn new_order() -> NewOrder {
    NewOrder {
        customer_email: "ann@example.com".to_owned(),
        currency: Currency::Eur,
        lines: vec![Line { sku: "A".to_owned(), quantity: 1, unit_price_cents: 1 }],
        note: None,
    }
}
