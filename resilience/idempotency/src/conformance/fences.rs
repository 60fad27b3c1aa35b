use super::Harness;
use super::claimant::{Claimant, KEEP, PAST, SHORT, key};
use crate::{Completion, Renewal};

/// Fences rise whatever comes between two claims of a key.
pub async fn fences_rise<H: Harness>(harness: &H) {
    let one = Claimant::new(harness, key()).await.briefly().kept(SHORT);
    let kept = one.clone().kept(KEEP);
    let released = kept.first().await;
    kept.release(&released).await;
    let again = kept.begins_anew(&released).await;
    harness.wait(PAST).await;
    let renewed = one.again().briefly();
    let taken = renewed.takes_over(&again).await;
    assert_eq!(renewed.renew(&taken, SHORT).await, Renewal::Renewed);
    harness.wait(PAST).await;
    // The claim has expired.
    let other = one.again();
    let anew = other.begins_anew(&taken).await;
    assert_eq!(other.complete_for(&anew, b"done", SHORT).await, Completion::Stored);
    harness.wait(PAST).await;
    harness.sweep().await;
    // The record has.
    let mut before = one.again().begins_anew(&anew).await;
    one.release(&before).await;
    for _ in 0..20 {
        let next = Claimant::new(harness, one.claim.key).await;
        let held = next.begins_anew(&before).await;
        next.release(&held).await;
        before = held;
    }
}
