//! What else may be under a key, and what may be in a record.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claimed, Fence, Held, Nonce, Renewal, Store, StoreErrorKind};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::{Cmd, cmd};

use crate::single::Single;
use crate::{KEEP, PATIENT, claim, complete, first, key, kind, source};

/// None of the calls can read what is there, and it stays.
async fn is_unreadable(server: &Single, put: impl AsyncFn(&str)) {
    let store = server.store().await;
    let claim = claim(key());
    let name = server.name(&claim.key);
    put(&name).await;
    let dump = || async { server.ask::<Vec<u8>>(cmd("DUMP").arg(&name)).await };
    let before = dump().await;

    let (key, nonce) = (claim.key, Nonce::unique());
    let held = Held { key, nonce, fence: Fence::new(1), taken_over: false };
    let completed = store.complete(&held, Bytes::from("done"), KEEP).await;
    let error = store.claim(&claim).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreadable);
    assert!(source(&error).contains("has not written"), "{error:?}");
    assert_eq!(kind(completed), StoreErrorKind::Unreadable);
    assert_eq!(kind(store.release(&held).await), StoreErrorKind::Unreadable);
    assert_eq!(kind(store.renew(&held, KEEP).await), StoreErrorKind::Unreadable);
    assert_eq!(dump().await, before);
}

#[tokio::test]
async fn what_is_of_another_type_is_unreadable() {
    let server = Single::start();
    is_unreadable(&server, async |name| {
        server.ask::<()>(cmd("RPUSH").arg(name).arg("text")).await;
    })
    .await;
    is_unreadable(&server, async |name| {
        server.ask::<()>(cmd("HSET").arg(name).arg("field").arg("text")).await;
    })
    .await;
}

/// Of others, of a later release, torn, or of a state that nobody knows.
#[tokio::test]
async fn what_was_not_written_here_is_unreadable() {
    let server = Single::start();
    let store = server.store().await;
    let claim = claim(key());
    complete(&store, &first(&store, &claim).await, b"done").await;
    let ours: Vec<u8> = server.ask(cmd("GET").arg(server.name(&claim.key))).await;
    let changed = |at: usize, to: u8| {
        let mut changed = ours.clone();
        changed[at] = to;
        changed
    };

    let mut foreign = vec![Vec::new(), b"text".to_vec(), vec![b'x'; 200]];
    foreign.extend([changed(0, 2), changed(1, b'X'), changed(1, 0), ours[..74].to_vec()]);
    for foreign in foreign {
        is_unreadable(&server, async |name| {
            server.ask::<()>(cmd("SET").arg(name).arg(&foreign)).await;
        })
        .await;
    }
}

/// Any bytes, and any number of them.
#[tokio::test]
async fn records_come_back_byte_for_byte() {
    let server = Single::start();
    let store = server.store().await;
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for record in [Vec::new(), b"\r\n\0".to_vec(), all.clone(), all.repeat(8192)] {
        let claim = claim(key());
        let held = first(&store, &claim).await;
        store.complete(&held, record.clone().into(), KEEP).await.unwrap();
        let replay = store.claim(&crate::claim(claim.key)).await.unwrap();
        assert!(replay == Claimed::Completed(record.into()));
    }
}

/// The other version of the protocol, for whoever has chosen it.
#[tokio::test]
async fn answers_are_the_same_in_resp3() {
    let server = Single::start();
    let separator = if server.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}protocol=resp3", server.url());
    let store = RedisStore::connect(url).await.unwrap().prefix(server.prefix()).timeout(PATIENT);
    let claim = claim(key());
    let held = first(&store, &claim).await;
    let others = store.claim(&crate::claim(claim.key)).await.unwrap();
    assert!(matches!(others, Claimed::Running { .. }), "{others:?}");
    assert_eq!(store.renew(&held, KEEP).await.unwrap(), Renewal::Renewed);
    complete(&store, &held, b"done").await;
    assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
    store.release(&held).await.unwrap();
}

/// So that it rises although all data is lost.
#[tokio::test]
async fn a_fence_is_the_time_of_the_server() {
    let server = Single::start();
    let store = server.store().await;
    let time = || async {
        let (seconds, micros): (u64, u64) = server.ask(Cmd::new().arg("TIME")).await;
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    let before = time().await;
    let fence = first(&store, &claim(key())).await.fence;
    let fence = Duration::from_micros(fence.get());
    assert!((before..=time().await).contains(&fence), "{fence:?} after {before:?}");
}

/// A record that somebody has told to stay survives the repeat of its completion.
#[tokio::test]
async fn a_record_without_an_end_is_kept() {
    let server = Single::start();
    let store = server.store().await;
    let claim = claim(key());
    let held = first(&store, &claim).await;
    complete(&store, &held, b"done").await;
    let name = server.name(&claim.key);
    assert_eq!(server.ask::<i64>(cmd("PERSIST").arg(&name)).await, 1);
    complete(&store, &held, b"done").await;
    assert_eq!(server.ask::<i64>(cmd("PTTL").arg(&name)).await, -1);
    assert_eq!(store.claim(&claim).await.unwrap(), Claimed::Completed("done".into()));
}

/// No limit is none.
#[tokio::test]
async fn the_longest_limit_is_one() {
    let server = Single::start();
    let store = server.store().await.timeout(Duration::MAX).replicas(1, Duration::from_millis(1));
    // There may be a replica or not.
    let _ = store.claim(&claim(key())).await;
}
