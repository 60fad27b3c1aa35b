//! Servers that are down, and come back.

use std::time::Duration;

use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claimed, Store, StoreErrorKind};
use mainstay_redis::RedisStore;

use crate::single::Single;
use crate::{PATIENT, claim, complete, first, key, kind};

#[tokio::test]
async fn a_stopped_server_is_unavailable_until_it_is_back() {
    let server = Single::private();
    let patient = server.store().await;
    let store = patient.clone().timeout(Duration::from_millis(200));
    let (done, held) = (claim(key()), claim(key()));
    complete(&patient, &first(&patient, &done).await, b"done").await;
    let owner = first(&patient, &held).await;
    patient.ping().await.unwrap();

    server.stop();
    assert_eq!(kind(store.ping().await), StoreErrorKind::Unavailable);
    for _ in 0..3 {
        let answer = tokio::time::timeout(PATIENT, store.claim(&claim(key()))).await.unwrap();
        assert_eq!(kind(answer), StoreErrorKind::Unavailable);
    }
    server.start_again();
    let mut answer = patient.claim(&done).await;
    // Until the next attempt to connect: some are still under way to where nobody listened.
    while answer.is_err() {
        answer = patient.claim(&done).await;
    }
    assert_eq!(answer.unwrap(), Claimed::Completed("done".into()));
    patient.ping().await.unwrap();
    complete(&patient, &owner, b"done").await;
}

/// The connection that was made before is of no use, and nobody is told.
#[tokio::test]
async fn a_restart_between_two_calls_fails_neither() {
    let server = Single::private();
    let store = server.store().await;
    let claim = claim(key());
    let held = first(&store, &claim).await;
    server.kill();
    server.start_again();
    store.ping().await.unwrap();
    server.kill();
    server.start_again();
    complete(&store, &held, b"done").await;
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_store() {
    let port = mainstay_testkit::servers::free_port().unwrap();
    let connected = RedisStore::connect(format!("redis://127.0.0.1:{port}/")).await;
    assert_eq!(connected.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let wrong = RedisStore::connect("http://127.0.0.1/").await;
    assert_eq!(wrong.unwrap_err().kind(), StoreErrorKind::Unavailable);
}
