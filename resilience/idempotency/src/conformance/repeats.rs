use super::Harness;
use super::claimant::{Claimant, LONG, PAST, SHORT, key};
use crate::{Claimed, Completion, Held, Nonce, Renewal};

/// A claim whose answer was lost is made again, and is the same claim.
pub async fn scenario_03_claim_applied_reply_lost<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let held = owner.first().await;
    assert_eq!(owner.reconnected(harness).await.claim().await, Claimed::First(held));
    // Its lease counts from the repeat, even where it had ended before that.
    harness.wait(PAST).await;
    let mut repeat = owner.reconnected(harness).await;
    repeat.claim.lease = LONG;
    assert_eq!(repeat.claim().await, Claimed::First(held));
    owner.again().finds_it_running().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
}

/// A completion whose answer was lost is made again, and has been stored.
pub async fn scenario_04_complete_applied_reply_lost<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let held = owner.first().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    let repeat = owner.reconnected(harness).await;
    assert_eq!(repeat.complete(&held, b"done").await, Completion::Stored);
    harness.wait(PAST).await;
    // The first record is the one that others may have been given.
    assert_eq!(repeat.complete(&held, b"another").await, Completion::Stored);
    owner.again().is_replayed(b"done").await;
}

/// Each call may be made twice in each state.
pub async fn repeats_are_answered_as_the_first_was<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let held = owner.first().await;
    assert_eq!(owner.claim().await, Claimed::First(held));
    for _ in 0..2 {
        assert_eq!(owner.renew(&held, LONG).await, Renewal::Renewed);
    }
    for _ in 0..2 {
        owner.release(&held).await;
    }
    let again = owner.begins_anew(&held).await;
    assert_eq!(owner.claim().await, Claimed::First(again));
    for _ in 0..2 {
        assert_eq!(owner.complete(&again, b"done").await, Completion::Stored);
        // A claim that was on its way for long tells its maker how it ended.
        owner.is_replayed(b"done").await;
        assert_eq!(owner.renew(&again, LONG).await, Renewal::Lost);
    }

    // What has expired is gone, for those who made it as well.
    let brief = Claimant::new(harness, key()).await;
    let held = brief.first().await;
    assert_eq!(brief.complete_for(&held, b"done", SHORT).await, Completion::Stored);
    harness.wait(PAST).await;
    for _ in 0..2 {
        assert_eq!(brief.complete(&held, b"done").await, Completion::Lost(None));
    }
    brief.begins_anew(&held).await;
}

/// The fence alone makes nobody a holder.
pub async fn strangers_change_nothing<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let held = owner.first().await;
    let stranger = Held { nonce: Nonce::unique(), ..held };
    owner.is_refused(&stranger, None).await;
    owner.again().finds_it_running().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    owner.is_refused(&stranger, Some(b"done")).await;
    owner.again().is_replayed(b"done").await;

    let nobody = Held { key: key(), ..held };
    owner.is_refused(&nobody, None).await;
}

/// Nor does the nonce alone: a call may be so late that its maker has claimed the key anew.
pub async fn older_claims_of_the_same_nonce_change_nothing<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let before = owner.first().await;
    owner.release(&before).await;
    let held = owner.begins_anew(&before).await;
    owner.is_refused(&before, None).await;
    owner.again().finds_it_running().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    owner.is_refused(&before, Some(b"done")).await;
    owner.again().is_replayed(b"done").await;
}
