use super::Harness;
use super::claimant::{Claimant, key};
use crate::{Claimed, Completion};

/// What a store says of its restarts holds: claims and records are there, or fences rise even so.
pub async fn scenario_20_store_is_restarted<H: Harness>(harness: &H) {
    let (holds, done) = (Claimant::new(harness, key()).await, Claimant::new(harness, key()).await);
    let (held, completed) = (holds.first().await, done.first().await);
    assert_eq!(done.complete(&completed, b"done").await, Completion::Stored);
    let promise = holds.promise();
    if !harness.restart().await {
        return;
    }

    let (holds, done) = (holds.reconnected(harness).await, done.reconnected(harness).await);
    if promise.survives_restart {
        done.again().is_replayed(b"done").await;
        holds.again().finds_it_running().await;
        assert_eq!(holds.claim().await, Claimed::First(held));
        assert_eq!(holds.complete(&held, b"done").await, Completion::Stored);
        let next = Claimant::new(harness, key()).await;
        next.first().await;
    } else {
        assert_ne!(holds.complete(&held, b"done").await, Completion::Stored);
        let next = holds.again();
        let fence = next.first().await.fence;
        assert!(!promise.fences_survive_loss || fence > held.fence, "{fence} after {held:?}");
    }
}

/// After the loss of all data, which no store survives, the effect runs again; where the store
/// promises it, with a higher fence, so that what it acts on can tell the two.
pub async fn scenario_21_store_loses_its_data<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let held = owner.first().await;
    if !harness.lose_all().await {
        return;
    }
    // Both owners are live, and one of them alone has the claim.
    let next = owner.again();
    let anew = next.first().await;
    if owner.promise().fences_survive_loss {
        assert!(anew.fence > held.fence, "{anew:?} after {held:?}");
    }
    owner.is_refused(&held, None).await;
    assert_eq!(next.complete(&anew, b"done").await, Completion::Stored);
    owner.is_refused(&held, Some(b"done")).await;
    owner.again().is_replayed(b"done").await;
}
