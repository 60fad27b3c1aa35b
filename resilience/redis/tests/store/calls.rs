//! What a call costs, in commands that a server is sent.

use std::time::Duration;

use futures_util::StreamExt;
use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claimed, Store};
use mainstay_redis::redis::{Cmd, cmd};

use crate::single::Single;
use crate::{claim, complete, first, key};

/// Which commands the server is sent meanwhile, but for those of scripts.
async fn sent_during(server: &Single, calls: impl Future<Output = ()>) -> Vec<String> {
    const END: &str = "that is all";
    let mut ending = server.connection().await;
    let monitor = server.client().get_async_monitor().await.unwrap();
    calls.await;
    cmd("ECHO").arg(END).exec_async(&mut ending).await.unwrap();

    let mut lines = monitor.into_on_message::<String>();
    let mut commands = Vec::new();
    while let Some(line) = lines.next().await {
        // 1339518083.107412 [0 127.0.0.1:60866] "evalsha" …
        let (_, rest) = line.split_once('[').unwrap();
        let (by, command) = rest.split_once("] ").unwrap();
        if command.contains(END) {
            break;
        }
        if !by.ends_with("lua") {
            commands.push(command.split('"').nth(1).unwrap().to_owned());
        }
    }
    commands
}

#[tokio::test]
async fn a_first_request_is_two_commands_and_a_replay_is_one() {
    let server = Single::private();
    let store = server.store().await;
    let claim = claim(key());
    // The server learns the scripts.
    complete(&store, &first(&store, &crate::claim(key())).await, b"done").await;

    let commands = sent_during(&server, async {
        let held = first(&store, &claim).await;
        complete(&store, &held, b"done").await;
    });
    assert_eq!(commands.await, ["EVALSHA", "EVALSHA"]);

    let commands = sent_during(&server, async {
        let replay = store.claim(&crate::claim(claim.key)).await.unwrap();
        assert!(matches!(replay, Claimed::Completed(record) if record == "done"));
    });
    assert_eq!(commands.await, ["EVALSHA"]);
}

/// Scenario 21: once for each script that the server has lost.
#[tokio::test]
async fn a_forgotten_script_costs_one_command_more() {
    let server = Single::private();
    let store = server.store().await;
    let claim = claim(key());
    let flush = || async { server.ask::<()>(cmd("SCRIPT").arg("FLUSH")).await };

    let held = first(&store, &claim).await;
    complete(&store, &held, b"done").await;
    flush().await;
    let commands = sent_during(&server, async {
        for _ in 0..2 {
            let replay = store.claim(&claim).await.unwrap();
            assert!(matches!(replay, Claimed::Completed(record) if record == "done"));
        }
    });
    assert_eq!(commands.await, ["EVALSHA", "EVAL", "EVALSHA"]);

    let claim = crate::claim(key());
    let held = first(&store, &claim).await;
    flush().await;
    store.renew(&held, Duration::from_secs(60)).await.unwrap();
    flush().await;
    complete(&store, &held, b"done").await;
    flush().await;
    store.release(&held).await.unwrap();
    flush().await;
    let replay = store.claim(&claim).await.unwrap();
    assert!(matches!(replay, Claimed::Completed(record) if record == "done"));
}

/// Waiting for replicas is part of the same round trip: the two commands leave together.
#[tokio::test]
async fn waiting_for_replicas_is_one_command_more() {
    let server = Single::private();
    let store = server.store().await;
    first(&store, &claim(key())).await;
    let store = store.replicas(1, Duration::from_millis(1));
    let commands = sent_during(&server, async {
        // There are none.
        store.claim(&claim(key())).await.unwrap_err();
    });
    assert_eq!(commands.await, ["EVALSHA", "WAIT"]);
}

/// What a server holds, it holds for a time.
#[tokio::test]
async fn nothing_is_kept_for_ever() {
    let server = Single::private();
    let store = server.store().await;
    let claim = claim(key());
    let name = server.name(&claim.key);
    let left = || async { server.ask::<u64>(Cmd::new().arg("PTTL").arg(&name)).await };
    let keep = 3_600_000;

    let held = first(&store, &claim).await;
    assert!((1..=keep).contains(&left().await));
    store.renew(&held, Duration::from_millis(1)).await.unwrap();
    assert!((1..=keep).contains(&left().await));
    store.renew(&held, Duration::from_secs(7200)).await.unwrap();
    assert!((keep + 1..=2 * keep).contains(&left().await));
    store.release(&held).await.unwrap();
    assert!((1..=2 * keep).contains(&left().await));
    let held = first(&store, &claim).await;
    complete(&store, &held, b"done").await;
    assert!((1..=keep).contains(&left().await));
}

/// No duration is refused for its length.
#[tokio::test]
async fn durations_may_be_of_any_length() {
    let server = Single::start();
    let store = server.store().await;
    for duration in [Duration::ZERO, Duration::MAX] {
        let claim = mainstay_idempotency::Claim { lease: duration, keep: duration, ..claim(key()) };
        store.claim(&claim).await.unwrap();
        let claim = mainstay_idempotency::Claim { keep: Duration::MAX, ..claim };
        let held = first(&store, &claim).await;
        store.renew(&held, duration).await.unwrap();
        store.complete(&held, "done".into(), duration).await.unwrap();
    }
}
