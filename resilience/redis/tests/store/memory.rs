//! A server that has no memory left.

use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claimed, Completion, Held, Renewal, Store, StoreErrorKind};

use crate::single::Single;
use crate::{KEEP, claim, complete, first, key, kind, source};

/// Where nothing may be evicted, what is there stays, and nothing new comes to it.
#[tokio::test]
async fn a_server_without_memory_is_full() {
    let server = Single::private();
    let store = server.store().await;
    let (done, held) = (claim(key()), first(&store, &claim(key())).await);
    complete(&store, &first(&store, &done).await, b"done").await;
    server.set("maxmemory", "1").await;

    let error = store.claim(&claim(key())).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(source(&error).contains("OOM"), "{error:?}");
    assert_eq!(kind(store.complete(&held, "more".into(), KEEP).await), StoreErrorKind::Full);
    assert_eq!(store.claim(&done).await.unwrap(), Claimed::Completed("done".into()));

    server.set("maxmemory", "0").await;
    complete(&store, &held, b"more").await;
}

/// A claim that is let go of does not stay for want of the memory to remember it by. What is held
/// cannot be renewed, and stays with its owner until its lease ends.
#[tokio::test]
async fn a_server_without_memory_takes_releases() {
    let server = Single::private();
    let store = server.store().await;
    let (released, held) = (claim(key()), claim(key()));
    let lost = first(&store, &released).await;
    let kept = first(&store, &held).await;
    server.set("maxmemory", "1").await;
    // Not by whom it does not belong to.
    store.release(&Held { nonce: lost.nonce, ..kept }).await.unwrap();
    for _ in 0..2 {
        store.release(&lost).await.unwrap();
    }
    assert_eq!(kind(store.renew(&kept, KEEP).await), StoreErrorKind::Full);
    server.set("maxmemory", "0").await;

    let next = first(&store, &claim(released.key)).await;
    assert!(next.fence > lost.fence && !next.taken_over);
    let others = store.claim(&claim(held.key)).await.unwrap();
    assert!(matches!(others, Claimed::Running { .. }), "{others:?}");
    assert_eq!(store.renew(&kept, KEEP).await.unwrap(), Renewal::Renewed);
}

/// Scenario 21: a server that evicts loses live claims, and their fences still rise.
#[tokio::test]
async fn an_evicted_claim_is_lost_to_its_owner() {
    let server = Single::private();
    let store = server.store().await;
    server.set("maxmemory-policy", "allkeys-lru").await;
    let claim = claim(key());
    let held = first(&store, &claim).await;

    // The command of whoever comes next has to make room.
    server.set("maxmemory", "1").await;
    assert_eq!(kind(store.claim(&crate::claim(key())).await), StoreErrorKind::Full);
    server.set("maxmemory", "0").await;

    let next = first(&store, &crate::claim(claim.key)).await;
    assert!(next.fence > held.fence && !next.taken_over);
    assert_eq!(store.renew(&held, KEEP).await.unwrap(), Renewal::Lost);
    let completed = store.complete(&held, "stale".into(), KEEP).await;
    assert_eq!(completed.unwrap(), Completion::Lost(None));
}
