use std::time::Duration;

use super::Harness;
use super::claimant::{Claimant, PAST, key};
use crate::{Claimed, Completion, Renewal};

/// An owner that dies holds up the tries after it until its lease ends, and no longer.
pub async fn scenario_05_owner_dies_after_its_claim<H: Harness>(harness: &H) {
    let holds = Claimant::new(harness, key()).await;
    holds.first().await;
    Claimant::new(harness, holds.claim.key).await.finds_it_running().await;

    let dead = Claimant::new(harness, key()).await.briefly();
    let lost = dead.first().await;
    harness.wait(PAST).await;
    let next = Claimant::new(harness, dead.claim.key).await;
    let held = next.takes_over(&lost).await;
    assert_eq!(next.complete(&held, b"done").await, Completion::Stored);
    dead.again().is_replayed(b"done").await;
}

/// The effect of a dead owner, which may have happened, runs again, and who runs it is told.
pub async fn scenario_06_owner_dies_after_the_effect_and_it_runs_again<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly();
    let mut before = dead.first().await;
    for _ in 0..2 {
        harness.wait(PAST).await;
        before = dead.again().briefly().takes_over(&before).await;
    }
    harness.wait(PAST).await;
    let last = dead.again();
    let held = last.takes_over(&before).await;
    assert_eq!(
        last.claim().await,
        Claimed::First(held),
        "a repeat is told of the takeover as well"
    );
}

/// Who has taken over and gives up does so by a lease that ends at once: the next one takes over as
/// well.
pub async fn scenario_06_takeover_that_is_given_up_is_told_of<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly();
    let mut before = dead.first().await;
    harness.wait(PAST).await;
    for _ in 0..2 {
        let next = dead.again();
        let held = next.takes_over(&before).await;
        assert_eq!(next.renew(&held, Duration::from_millis(1)).await, Renewal::Renewed);
        harness.wait(Duration::from_millis(10)).await;
        before = held;
    }
    dead.again().takes_over(&before).await;
}

/// Or it does not run again, and every try is told that nobody knows.
pub async fn scenario_06_owner_dies_after_the_effect_and_it_is_abandoned<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly().at_most_once();
    let held = dead.first().await;
    harness.wait(PAST).await;
    let next = Claimant::new(harness, dead.claim.key).await.at_most_once();
    for _ in 0..2 {
        assert_eq!(next.claim().await, Claimed::Abandoned);
        harness.sweep().await;
    }
    // It was not dead, only slow.
    assert_eq!(dead.complete(&held, b"done").await, Completion::Stored);
    next.is_replayed(b"done").await;
}

/// What was completed is replayed to whoever asks after its owner has died.
pub async fn scenario_07_owner_dies_after_it_has_completed<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly();
    let held = dead.first().await;
    assert_eq!(dead.complete(&held, b"done").await, Completion::Stored);
    Claimant::new(harness, dead.claim.key).await.is_replayed(b"done").await;
    harness.wait(PAST).await;
    harness.sweep().await;
    // The lease has ended, but it is the record's time that counts.
    Claimant::new(harness, dead.claim.key).await.is_replayed(b"done").await;
    Claimant::new(harness, dead.claim.key).await.at_most_once().is_replayed(b"done").await;
}

/// An owner that was paused for longer than its lease, and then goes on, changes nothing.
pub async fn scenario_09_paused_owner_changes_nothing<H: Harness>(harness: &H) {
    let paused = Claimant::new(harness, key()).await.briefly();
    let lost = paused.first().await;
    harness.wait(PAST).await;
    let owner = Claimant::new(harness, paused.claim.key).await;
    let held = owner.takes_over(&lost).await;

    paused.is_refused(&lost, None).await;
    paused.finds_it_running().await;
    owner.again().finds_it_running().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    owner.again().is_replayed(b"done").await;
}

/// An owner that was paused until another has completed is given the other's answer.
pub async fn scenario_10_paused_owner_is_given_the_answer_of_the_other<H: Harness>(harness: &H) {
    let paused = Claimant::new(harness, key()).await.briefly();
    let lost = paused.first().await;
    harness.wait(PAST).await;
    let owner = Claimant::new(harness, paused.claim.key).await;
    let held = owner.takes_over(&lost).await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);

    paused.is_refused(&lost, Some(b"done")).await;
    paused.is_replayed(b"done").await;
    owner.again().is_replayed(b"done").await;
}

/// Giving up what is completed is too late.
pub async fn scenario_13_release_after_complete_deletes_nothing<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let held = owner.first().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    owner.release(&held).await;
    owner.release(&held).await;
    owner.again().is_replayed(b"done").await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
}

/// After an effect that has not happened the next try is the first.
pub async fn scenario_14_release_frees_the_key<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let mut before = owner.first().await;
    owner.release(&before).await;
    for _ in 0..2 {
        let next = owner.again().at_most_once();
        let held = next.begins_anew(&before).await;
        owner.is_refused(&before, None).await;
        owner.again().finds_it_running().await;
        next.release(&held).await;
        next.release(&held).await;
        before = held;
    }
    // Whose claim had ended may give it up as well.
    let late = owner.again().briefly();
    let held = late.begins_anew(&before).await;
    harness.wait(PAST).await;
    late.release(&held).await;
    owner.again().at_most_once().begins_anew(&held).await;
}
