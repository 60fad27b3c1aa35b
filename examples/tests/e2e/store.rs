//! What the database promises to the steps of an order, whichever it is.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use mainstay_examples::orders::idempotency::ScopedKey;
use mainstay_examples::orders::model::{Currency, Line, NewOrder, Payment, Status};
use mainstay_examples::orders::store::{Claimed, Store};
use mainstay_idempotency::Fingerprint;

use crate::support::{Database, eventually, on_each_database};

on_each_database!(
    one_of_many_claims_wins,
    only_the_last_holder_settles,
    only_the_first_holder_withdraws,
    the_reconciler_lets_an_order_be_for_a_while,
    a_database_keeps_its_id,
);

async fn one_of_many_claims_wins(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let claims = (0..32).map(|_| {
        let store = store.clone();
        tokio::spawn(
            async move { store.claim(&key("k"), &print("print"), &new_order()).await.unwrap() },
        )
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        match claim.await.unwrap() {
            Claimed::Ours(..) => won += 1,
            other => assert!(matches!(other, Claimed::Busy), "{other:?}"),
        }
    }
    assert_eq!(won, 1);
    let other = store.claim(&key("k"), &print("other print"), &new_order()).await.unwrap();
    assert!(matches!(other, Claimed::Reused), "{other:?}");
    store.close().await;
}

async fn only_the_last_holder_settles(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let claimed = store.claim(&key("k"), &print("print"), &new_order()).await.unwrap();
    let Claimed::Ours(order, first) = claimed else { panic!("{claimed:?}") };
    assert!(store.take_over(order.id).await.unwrap().is_none(), "it is held");

    store.release(first).await.unwrap();
    store.renew(first).await.unwrap();
    assert!(store.take_over(order.id).await.unwrap().is_none(), "its holder has given word");
    drop(store.hold(first));
    let second = eventually("the release", async || store.take_over(order.id).await.unwrap());
    let second = second.await;
    let captured = Payment::Captured("ch_1".to_owned());
    assert!(!store.settle(first, &Payment::Declined).await.unwrap());
    store.release(first).await.unwrap();
    assert!(store.take_over(order.id).await.unwrap().is_none(), "it is the second's still");
    assert!(store.settle(second, &captured).await.unwrap());
    assert!(!store.settle(second, &Payment::Declined).await.unwrap(), "settled once and for all");

    let stored = store.order(order.id).await.unwrap().unwrap();
    assert_eq!(stored, order.clone().settled(captured));
    assert_eq!(stored.status, Status::Paid);
    let again = store.claim(&key("k"), &print("print"), &new_order()).await.unwrap();
    assert!(matches!(again, Claimed::Settled(it) if it == stored));
    store.close().await;
}

async fn only_the_first_holder_withdraws(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let claim = async || match store.claim(&key("k"), &print("print"), &new_order()).await.unwrap()
    {
        Claimed::Ours(order, lease) => (order, lease),
        claimed => panic!("{claimed:?}"),
    };
    assert!(!store.knows(&key("k")).await.unwrap());
    let (order, lease) = claim().await;
    assert!(store.knows(&key("k")).await.unwrap());
    assert!(store.withdraw(lease).await.unwrap());
    assert!(!store.withdraw(lease).await.unwrap(), "it is gone");
    assert!(store.order(order.id).await.unwrap().is_none());
    assert!(!store.knows(&key("k")).await.unwrap());

    let (order, first) = claim().await;
    store.release(first).await.unwrap();
    let (_, second) = claim().await;
    for lease in [first, second] {
        assert!(!store.withdraw(lease).await.unwrap(), "the first may have charged");
    }
    assert!(store.order(order.id).await.unwrap().is_some());

    assert!(store.settle(second, &Payment::Declined).await.unwrap());
    assert!(!store.withdraw(second).await.unwrap());
    store.close().await;
}

async fn the_reconciler_lets_an_order_be_for_a_while(database: Database) {
    let store = Store::open(&database.url()).await.unwrap();
    let claimed = store.claim(&key("k"), &print("print"), &new_order()).await.unwrap();
    let Claimed::Ours(order, lease) = claimed else { panic!("{claimed:?}") };
    let due = async || store.abandoned(Duration::ZERO).await.unwrap().len();
    assert_eq!(due().await, 0, "it is held");
    store.release(lease).await.unwrap();
    assert_eq!(due().await, 1);
    for _ in 0..12 {
        store.postpone(order.id).await.unwrap();
        assert_eq!(due().await, 0);
    }
    assert!(store.take_over(order.id).await.unwrap().is_some(), "clients do not wait");
    store.forget_attempts(order.id).await.unwrap();
    assert_eq!(due().await, 0, "it is held");
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
