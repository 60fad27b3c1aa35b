//! Scenario 20: a replica takes the place of its primary.

use std::time::Duration;

use mainstay_idempotency::conformance::Harness;
use mainstay_idempotency::{Claim, Claimed, Completion, Renewal, Store, StoreErrorKind};
use mainstay_redis::redis::Cmd;

use crate::proxy::Proxy;
use crate::single::Single;
use crate::{KEEP, PATIENT, claim, complete, first, key, kind};

/// A primary, and its replica.
async fn pair() -> (Single, Single) {
    let (primary, replica) = (Single::private(), Single::private());
    let replica = replica.sharing(&primary);
    follow(&replica, &primary).await;
    (primary, replica)
}

/// Makes the one a replica of the other, with all that it has.
async fn follow(replica: &Single, primary: &Single) {
    follow_by(replica, primary, primary.port()).await;
}

/// The same by way of this port.
async fn follow_by(replica: &Single, primary: &Single, port: u16) {
    replica.set("masterauth", primary.password()).await;
    // It waits for no further replicas before it sends this one its data.
    primary.set("repl-diskless-sync-delay", "0").await;
    replica.ask::<()>(Cmd::new().arg("REPLICAOF").arg("127.0.0.1").arg(port)).await;
    loop {
        let info: String = replica.ask(Cmd::new().arg("INFO").arg("replication")).await;
        if info.contains("master_link_status:up") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn promote(replica: &Single) {
    replica.ask::<()>(Cmd::new().arg("REPLICAOF").arg("NO").arg("ONE")).await;
}

/// Claims and records that a replica is known to have are there after the failover.
#[tokio::test]
async fn what_replicas_have_survives() {
    let (primary, replica) = pair().await;
    let store = primary.store().await.replicas(1, PATIENT);
    let (done, claim) = (claim(key()), claim(key()));
    complete(&store, &first(&store, &done).await, b"done").await;
    let held = first(&store, &claim).await;
    primary.kill();
    promote(&replica).await;

    let store = replica.store().await;
    assert_eq!(store.claim(&done).await.unwrap(), Claimed::Completed("done".into()));
    let others = store.claim(&crate::claim(claim.key)).await.unwrap();
    assert!(matches!(others, Claimed::Running { .. }), "{others:?}");
    assert_eq!(store.claim(&claim).await.unwrap(), Claimed::First(held));
    complete(&store, &held, b"done").await;
}

/// If none has it, the caller is told, and a repeat settles it.
#[tokio::test]
async fn what_replicas_have_not_is_not_granted() {
    let (primary, replica) = pair().await;
    let store = primary.store().await.replicas(1, PATIENT);
    let impatient = primary.store().await.replicas(1, Duration::from_millis(50));
    let (claim, other) = (claim(key()), claim(key()));
    let held = first(&store, &claim).await;
    replica.stop();

    assert_eq!(kind(impatient.claim(&other).await), StoreErrorKind::Unavailable);
    for _ in 0..2 {
        let completed = impatient.complete(&held, "done".into(), KEEP).await;
        assert_eq!(kind(completed), StoreErrorKind::Unavailable);
    }
    // Nor to whom repeats it over a connection that has written nothing yet.
    let anew = primary.store().await.replicas(1, Duration::from_millis(50));
    let completed = anew.complete(&held, "done".into(), KEEP).await;
    assert_eq!(kind(completed), StoreErrorKind::Unavailable);

    replica.start_again();
    follow(&replica, &primary).await;
    complete(&store, &held, b"done").await;
    first(&store, &other).await;
}

/// A record that none has is not given to others either, and is once they have it: nor to who has
/// lost the key to another meanwhile.
#[tokio::test]
async fn a_record_that_replicas_have_not_is_not_replayed() {
    let (primary, replica) = (Single::private(), Single::private());
    let proxy = Proxy::before(primary.port()).await;
    follow_by(&replica, &primary, proxy.port()).await;
    let brief = Duration::from_millis(50);
    let alone = primary.store().await;
    let claim = Claim { lease: Duration::from_millis(1), ..claim(key()) };
    let lost = first(&alone, &claim).await;
    let held = loop {
        if let Claimed::First(held) = alone.claim(&crate::claim(claim.key)).await.unwrap() {
            break held;
        }
    };
    // It goes on saying what it has, and is sent nothing more.
    proxy.silence();
    complete(&alone, &held, b"done").await;

    // Over connections that have written nothing.
    let store = primary.store().await.replicas(1, brief);
    assert_eq!(kind(store.claim(&crate::claim(claim.key)).await), StoreErrorKind::Unavailable);
    let store = primary.store().await.replicas(1, brief);
    let completed = store.complete(&lost, "late".into(), KEEP).await;
    assert_eq!(kind(completed), StoreErrorKind::Unavailable);
    // Who asks for no replicas is given it.
    let replayed = alone.claim(&crate::claim(claim.key)).await.unwrap();
    assert_eq!(replayed, Claimed::Completed("done".into()));

    follow(&replica, &primary).await;
    let store = primary.store().await.replicas(1, PATIENT);
    let replayed = store.claim(&crate::claim(claim.key)).await.unwrap();
    assert_eq!(replayed, Claimed::Completed("done".into()));
    let completed = store.complete(&lost, "late".into(), KEEP).await.unwrap();
    assert_eq!(completed, Completion::Lost(Some("done".into())));
}

/// Without waiting a claim may be lost. The next one has a higher fence, and the first owner is
/// refused.
#[tokio::test]
async fn a_claim_that_was_lost_is_fenced_off() {
    let (primary, replica) = pair().await;
    let (old, new) = (primary.store().await, replica.store().await);
    let claim = claim(key());
    // From here on nothing arrives.
    promote(&replica).await;
    let lost = first(&old, &claim).await;
    primary.kill();

    let held = first(&new, &crate::claim(claim.key)).await;
    assert!(held.fence > lost.fence);
    assert_eq!(new.renew(&lost, KEEP).await.unwrap(), Renewal::Lost);
    let completed = new.complete(&lost, "stale".into(), KEEP).await.unwrap();
    assert_eq!(completed, Completion::Lost(None));
    complete(&new, &held, b"done").await;
}

/// Without waiting a completion may be lost: the effect runs again, with a higher fence.
#[tokio::test]
async fn a_completion_that_was_lost_runs_again() {
    let (primary, replica) = pair().await;
    let (old, new) = (primary.store().await, replica.store().await);
    let claim = Claim { lease: Duration::from_millis(100), ..claim(key()) };
    let lost = first(&old.clone().replicas(1, PATIENT), &claim).await;
    promote(&replica).await;
    complete(&old, &lost, b"lost").await;
    primary.kill();

    let next = crate::claim(claim.key);
    let mut claimed = new.claim(&next).await.unwrap();
    while let Claimed::Running { left } = claimed {
        tokio::time::sleep(left).await;
        claimed = new.claim(&next).await.unwrap();
    }
    assert!(
        matches!(claimed, Claimed::First(held) if held.taken_over && held.fence > lost.fence),
        "{claimed:?} after {lost:?}"
    );
}

/// Two servers that both take themselves for the primary grant a key twice, with two fences. When
/// one follows the other again, it knows but one owner.
#[tokio::test]
async fn two_primaries_give_two_fences() {
    let (one, other) = pair().await;
    let (on_one, on_other) = (one.store().await, other.store().await);
    let key = key();
    promote(&other).await;
    let first_held = first(&on_one, &claim(key)).await;
    let second_held = first(&on_other, &claim(key)).await;
    assert!(second_held.fence > first_held.fence);

    complete(&on_other, &second_held, b"second").await;
    follow(&one, &other).await;
    // A store that has not noticed is served by a replica now, which takes no writes.
    assert_eq!(kind(on_one.claim(&claim(crate::key())).await), StoreErrorKind::Unavailable);
    let completed = on_one.complete(&first_held, "first".into(), KEEP).await.unwrap();
    assert_eq!(completed, Completion::Lost(Some("second".into())));
}
