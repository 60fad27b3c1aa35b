use std::time::Duration;

use super::Harness;
use super::claimant::{Claimant, KEEP, PAST, SHORT, key};
use crate::{Claimed, Completion, Renewal};

/// A claim that is neither renewed nor completed is forgotten in the end, by those who take
/// nothing over as well.
pub async fn claims_expire_when_they_are_neither_renewed_nor_completed<H: Harness>(harness: &H) {
    for at_most_once in [true, false] {
        let dead = Claimant::new(harness, key()).await.briefly().kept(SHORT);
        let mut next = dead.again().kept(KEEP);
        next.claim.takes_over = !at_most_once;
        let held = dead.first().await;
        harness.wait(PAST).await;
        if at_most_once {
            harness.sweep().await;
        }
        next.begins_anew(&held).await;
    }
}

/// Whose claim has expired has no claim, even where the store has not removed it yet.
pub async fn claims_of_the_past_change_nothing<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly().kept(SHORT);
    let held = dead.first().await;
    harness.wait(PAST).await;
    dead.is_refused(&held, None).await;
    let next = dead.again().begins_anew(&held).await;
    dead.is_refused(&held, None).await;
    assert_eq!(dead.complete(&next, b"done").await, Completion::Stored);
}

/// How long a claim is remembered counts from its last renewal, and it is for as long as its lease
/// lasts.
pub async fn expiry_counts_from_the_renewal<H: Harness>(harness: &H) {
    // Longer together than the claim is remembered without its renewal.
    let (keep, most) = (Duration::from_secs(4), Duration::from_millis(2500));
    let slow = Claimant::new(harness, key()).await.briefly().kept(keep);
    let leased = Claimant::new(harness, key()).await.briefly().kept(SHORT);
    let (held, long) = (slow.first().await, leased.first().await);
    assert_eq!(leased.renew(&long, KEEP).await, Renewal::Renewed);

    harness.wait(most).await;
    assert_eq!(slow.renew(&held, SHORT).await, Renewal::Renewed);
    harness.wait(most).await;
    harness.sweep().await;
    assert_eq!(slow.again().at_most_once().claim().await, Claimed::Abandoned);
    leased.again().finds_it_running().await;
}
