use std::time::Duration;

use super::Harness;
use super::claimant::{Claimant, LONG, PAST, SHORT, key};
use crate::{Claimed, Completion, Renewal};

/// A renewal says whether the claim is still the owner's, whenever it is made.
pub async fn scenario_11_owner_learns_from_a_renewal_that_its_claim_is_lost<H: Harness>(
    harness: &H,
) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let held = owner.first().await;
    harness.wait(PAST).await;
    // It is late, but nobody has taken over: the claim is the owner's again.
    assert_eq!(owner.renew(&held, SHORT).await, Renewal::Renewed);
    assert_eq!(owner.renew(&held, SHORT).await, Renewal::Renewed);
    harness.wait(PAST).await;
    let next = owner.again();
    let taken = next.takes_over(&held).await;
    assert_eq!(owner.renew(&held, LONG).await, Renewal::Lost);
    assert_eq!(next.renew(&taken, LONG).await, Renewal::Renewed);
}

/// A lease lasts from the renewal on: longer than before, or shorter.
pub async fn scenario_11_renewal_counts_from_when_it_is_made<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let held = owner.first().await;
    assert_eq!(owner.renew(&held, LONG).await, Renewal::Renewed);
    harness.wait(PAST).await;
    let left = owner.again().finds_it_running().await;
    assert!(left > LONG / 2 && left < LONG, "{left:?} is left of {LONG:?}");

    assert_eq!(owner.renew(&held, SHORT).await, Renewal::Renewed);
    harness.wait(PAST).await;
    assert_eq!(owner.again().at_most_once().claim().await, Claimed::Abandoned);
    owner.again().takes_over(&held).await;
}

/// A renewal that comes late has no effect on what has been released, completed, or taken since.
pub async fn scenario_12_renewal_revives_nothing<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let held = owner.first().await;
    assert_eq!(owner.complete_for(&held, b"done", SHORT).await, Completion::Stored);
    assert_eq!(owner.renew(&held, LONG).await, Renewal::Lost);
    // Neither does it keep the record for longer.
    harness.wait(PAST).await;
    let next = owner.again().begins_anew(&held).await;

    owner.release(&next).await;
    assert_eq!(owner.renew(&next, LONG).await, Renewal::Lost);
    owner.again().begins_anew(&next).await;
}

/// A lease ends when it does on the store's clock: nothing in a call has the caller's time in it,
/// and what is left of a lease shrinks as the store's clock goes on.
pub async fn scenario_18_only_the_clock_of_the_store_counts<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    owner.first().await;
    let other = Claimant::new(harness, owner.claim.key).await;
    let mut left = other.finds_it_running().await;
    assert!(left <= LONG && left > LONG / 2, "{left:?} is left of {LONG:?}");
    for _ in 0..2 {
        harness.wait(SHORT).await;
        let before = left;
        left = other.finds_it_running().await;
        // Stores count in milliseconds.
        assert!(left + SHORT <= before + Duration::from_millis(2), "{left:?} after {before:?}");
    }
}

/// A calendar clock that is set back ends no lease, frees no key, and has no fence repeated.
pub async fn scenario_19_clock_of_the_store_steps_back<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let done = Claimant::new(harness, key()).await;
    let (held, completed) = (owner.first().await, done.first().await);
    assert_eq!(done.complete(&completed, b"done").await, Completion::Stored);
    if !harness.step_back(Duration::from_secs(3)).await {
        return;
    }
    owner.again().finds_it_running().await;
    done.again().is_replayed(b"done").await;
    assert_eq!(owner.claim().await, Claimed::First(held));
    assert_eq!(owner.renew(&held, SHORT).await, Renewal::Renewed);
    harness.wait(PAST).await;
    let taken = owner.again().takes_over(&held).await;
    owner.is_refused(&held, None).await;
    assert_eq!(owner.complete(&taken, b"done").await, Completion::Stored);
}
