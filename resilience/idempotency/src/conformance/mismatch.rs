use super::Harness;
use super::claimant::{Claimant, KEEP, PAST, key, scoped};
use crate::{Claimed, Completion, Fingerprint, Nonce, Renewal};

/// A key that asks for something else is refused, whatever has become of the first try.
pub async fn scenario_24_key_is_used_for_something_else<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let other = owner.again().asking(Fingerprint::of([&b"another order"[..]]));
    let held = owner.first().await;
    // In flight, after its lease, where that is taken over and where not, and completed.
    assert_eq!(other.claim().await, Claimed::Reused);
    harness.wait(PAST).await;
    assert_eq!(other.claim().await, Claimed::Reused);
    assert_eq!(other.clone().at_most_once().claim().await, Claimed::Reused);
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    assert_eq!(other.claim().await, Claimed::Reused);
    owner.again().is_replayed(b"done").await;

    // Released, it is anybody's.
    let free = Claimant::new(harness, key()).await;
    let held = free.first().await;
    free.release(&held).await;
    let other = free.again().asking(Fingerprint::of([&b"another order"[..]]));
    other.begins_anew(&held).await;
    assert_eq!(free.again().claim().await, Claimed::Reused);
}

/// So is one of the owner's own nonce: that it holds the key is no reason to grant it for another
/// request.
pub async fn scenario_24_owner_asks_for_something_else<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await.briefly();
    let other = owner.clone().asking(Fingerprint::of([&b"another order"[..]]));
    let held = owner.first().await;
    assert_eq!(other.claim().await, Claimed::Reused);
    harness.wait(PAST).await;
    assert_eq!(other.claim().await, Claimed::Reused);
    assert_eq!(owner.claim().await, Claimed::First(held));
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    assert_eq!(other.claim().await, Claimed::Reused);
}

/// The same key of two tenants is two keys.
pub async fn scenario_25_scopes_do_not_meet<H: Harness>(harness: &H) {
    let client = Nonce::unique().to_string();
    let one = Claimant::new(harness, scoped("one", &client)).await;
    let other = Claimant::new(harness, scoped("other", &client)).await;
    let (held, others) = (one.first().await, other.first().await);
    assert_eq!(one.complete(&held, b"of one").await, Completion::Stored);
    other.again().finds_it_running().await;
    other.release(&others).await;
    one.again().is_replayed(b"of one").await;
    other.again().begins_anew(&others).await;
}

/// Two releases run side by side, and make their fingerprints in different ways: neither refuses
/// what the other has begun.
pub async fn scenario_26_fingerprints_of_two_releases<H: Harness>(harness: &H) {
    let mut bytes = Fingerprint::of([&b"in another way"[..]]).to_bytes();
    bytes[0] = 200;
    let Some(newer) = Fingerprint::from_bytes(&bytes) else { panic!("it has the right length") };
    let owner = Claimant::new(harness, key()).await.briefly();
    let deployed = owner.again().asking(newer);
    let held = owner.first().await;
    assert_eq!(owner.renew(&held, KEEP).await, Renewal::Renewed);
    deployed.finds_it_running().await;
    assert_eq!(owner.complete(&held, b"done").await, Completion::Stored);
    deployed.is_replayed(b"done").await;

    let before = Claimant::new(harness, key()).await.briefly().asking(newer);
    let held = before.first().await;
    harness.wait(PAST).await;
    // Who takes over has it under its own fingerprint.
    let next = owner.again();
    let taken = Claimant::new(harness, before.claim.key).await;
    taken.takes_over(&held).await;
    let other = taken.again().asking(Fingerprint::of([&b"another order"[..]]));
    assert_eq!(other.claim().await, Claimed::Reused);
    next.is_replayed(b"done").await;
}

/// A record is given back byte for byte: nothing, all values of a byte, text that is none, and one
/// of a mebibyte.
pub async fn scenario_26_records_are_opaque<H: Harness>(harness: &H) {
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let large: Vec<u8> = every.iter().copied().cycle().take(1 << 20).collect();
    for record in [&b""[..], b"\0", b"\xff\xfe", b"'; DROP TABLE x; --\r\n", &every, &large] {
        let owner = Claimant::new(harness, key()).await;
        let held = owner.first().await;
        assert_eq!(owner.complete(&held, record).await, Completion::Stored);
        Claimant::new(harness, owner.claim.key).await.is_replayed(record).await;
        assert_eq!(owner.complete(&held, b"another").await, Completion::Stored);
        owner.again().is_replayed(record).await;
    }
}
