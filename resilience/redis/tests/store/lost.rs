//! Calls whose answers are lost.

use std::time::Duration;

use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claimed, Completion, Renewal, Store, StoreErrorKind};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::Client;
use mainstay_redis::redis::aio::{ConnectionManager, MultiplexedConnection};

use crate::proxy::Proxy;
use crate::single::Single;
use crate::{KEEP, PATIENT, claim, first, key, kind};

async fn reconnecting(server: &Single, proxy: &Proxy) -> RedisStore<ConnectionManager> {
    let url = proxy.url(server.port(), server.url());
    RedisStore::connect(url).await.unwrap().prefix(server.prefix()).timeout(PATIENT)
}

async fn plain(server: &Single, proxy: &Proxy) -> RedisStore<MultiplexedConnection> {
    let client = Client::open(proxy.url(server.port(), server.url())).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    RedisStore::new(connection).prefix(server.prefix())
}

/// Has the server learn all scripts: what is lost is the answer of one that has run.
async fn taught() -> Single {
    let server = Single::start();
    let store = server.store().await;
    let held = first(&store, &claim(key())).await;
    store.renew(&held, KEEP).await.unwrap();
    store.release(&held).await.unwrap();
    store.complete(&held, "done".into(), KEEP).await.unwrap();
    server
}

/// Scenarios 3 and 4: a store that reconnects asks again by itself.
#[tokio::test]
async fn lost_answers_are_asked_for_again() {
    let server = taught().await;
    let proxy = Proxy::before(server.port()).await;
    let store = reconnecting(&server, &proxy).await;
    let direct = server.store().await;
    let claim = claim(key());
    let lost = || assert!(!proxy.is_whole());

    proxy.cut();
    let held = first(&store, &claim).await;
    lost();
    assert_eq!(direct.claim(&claim).await.unwrap(), Claimed::First(held));
    proxy.cut();
    assert_eq!(store.renew(&held, KEEP).await.unwrap(), Renewal::Renewed);
    lost();
    proxy.cut();
    store.release(&held).await.unwrap();
    lost();
    let held = first(&store, &claim).await;
    proxy.cut();
    let completed = store.complete(&held, "done".into(), KEEP).await.unwrap();
    assert_eq!(completed, Completion::Stored);
    lost();
    proxy.cut();
    assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
    lost();
    assert_eq!(proxy.connections(), 6);
}

/// One that does not says so, and what it has asked for has happened: whoever asks again with the
/// same nonce is told that.
#[tokio::test]
async fn a_repeat_over_another_connection_is_answered_as_the_first_would_have_been() {
    let server = taught().await;
    let proxy = Proxy::before(server.port()).await;
    let claim = claim(key());

    let store = plain(&server, &proxy).await;
    proxy.cut();
    assert_eq!(kind(store.claim(&claim).await), StoreErrorKind::Unavailable);
    let store = plain(&server, &proxy).await;
    let others = store.claim(&crate::claim(claim.key)).await.unwrap();
    assert!(matches!(others, Claimed::Running { .. }), "{others:?}");
    let held = first(&store, &claim).await;
    assert!(!held.taken_over);

    proxy.cut();
    let completed = store.complete(&held, "done".into(), KEEP).await;
    assert_eq!(kind(completed), StoreErrorKind::Unavailable);
    let store = plain(&server, &proxy).await;
    let completed = store.complete(&held, "another".into(), KEEP).await;
    assert_eq!(completed.unwrap(), Completion::Stored);
    assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
}

/// A connection over which nothing comes back holds no call for longer than it may take.
#[tokio::test]
async fn a_silent_server_is_unavailable_in_time() {
    let server = taught().await;
    let proxy = Proxy::before(server.port()).await;
    let store = reconnecting(&server, &proxy).await.timeout(Duration::from_millis(100));
    let claim = claim(key());
    proxy.silence();
    let answer = tokio::time::timeout(PATIENT, store.claim(&claim)).await.unwrap();
    assert_eq!(kind(answer), StoreErrorKind::Unavailable);
    // It has been granted all the same.
    let direct = server.store().await;
    let others = direct.claim(&crate::claim(claim.key)).await.unwrap();
    assert!(matches!(others, Claimed::Running { .. }), "{others:?}");
}
