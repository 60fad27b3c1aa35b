use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Harness;
use super::claimant::{Claimant, KEEP, PAST, SHORT, key};
use crate::{Claimed, Completion, Held, Store};

/// How many claim at once, on a quarter as many handles.
const MANY: usize = 100;
const HANDLES: usize = 4;
/// On how many keys, one after the other: on a busy machine they may well come one by one.
const KEYS: usize = 4;

/// Of many claims at once on a key that nobody has, one is granted.
pub async fn scenario_01_one_of_many_first_claims_is_granted<H: Harness>(harness: &H) {
    for _ in 0..KEYS {
        let one = Claimant::new(harness, key()).await;
        let held = one_is_granted(claim_at_once(harness, &one).await);
        assert!(!held.taken_over);
        assert_eq!(one.complete(&held, b"done").await, Completion::Stored);
        one.again().is_replayed(b"done").await;
    }
}

/// Of many claims at once on a lease that has just ended, one is granted.
pub async fn scenario_02_one_of_many_claims_on_an_ended_lease_is_granted<H: Harness>(harness: &H) {
    let mut all = Vec::new();
    for _ in 0..KEYS {
        let dead = Claimant::new(harness, key()).await.briefly();
        let lost = dead.first().await;
        all.push((dead, lost));
    }
    harness.wait(PAST).await;

    for (dead, lost) in all {
        let held = one_is_granted(claim_at_once(harness, &dead).await);
        assert!(held.taken_over && held.fence > lost.fence, "{held:?} after {lost:?}");
        dead.is_refused(&lost, None).await;
        assert_eq!(dead.complete(&held, b"done").await, Completion::Stored);
    }
}

/// A record that expires while duplicates ask for it is given to them whole, or not at all; of
/// those that come after, one is granted.
pub async fn scenario_22_record_expires_while_it_is_asked_for<H: Harness>(harness: &H) {
    let owner = Claimant::new(harness, key()).await;
    let first = owner.first().await;
    assert_eq!(owner.complete_for(&first, b"done", SHORT).await, Completion::Stored);

    let step = Duration::from_millis(40);
    let mut waited = Duration::ZERO;
    let next = loop {
        assert!(waited < 10 * SHORT, "a record that is kept for {SHORT:?} is still there");
        let answers = claim_at_once(harness, &owner).await;
        let is_replay = |answer: &Claimed| *answer == Claimed::Completed(Bytes::from("done"));
        if !answers.iter().all(is_replay) {
            break one_is_granted(answers.into_iter().filter(|answer| !is_replay(answer)));
        }
        harness.wait(step).await;
        waited += step;
    };
    assert!(next.fence > first.fence && !next.taken_over, "{next:?} after {first:?}");
}

/// While expired keys are removed, a claim on one of them is granted once, and stays.
pub async fn scenario_23_sweeper_meets_a_takeover<H: Harness>(harness: &H) {
    let dead = Claimant::new(harness, key()).await.briefly();
    let gone = Claimant::new(harness, key()).await.briefly().kept(SHORT);
    let (lost, expired) = (dead.first().await, gone.first().await);
    harness.wait(PAST).await;

    let sweeping = async {
        for _ in 0..3 {
            harness.sweep().await;
        }
    };
    let claiming = async {
        let taken = one_is_granted(claim_at_once(harness, &dead).await);
        (taken, one_is_granted(claim_at_once(harness, &gone.clone().kept(KEEP)).await))
    };
    let ((), (taken, anew)) = tokio::join!(sweeping, claiming);
    harness.sweep().await;

    assert!(taken.taken_over && taken.fence > lost.fence, "{taken:?} after {lost:?}");
    assert!(!anew.taken_over && anew.fence > expired.fence, "{anew:?} after {expired:?}");
    for (owner, held) in [(&dead, &taken), (&gone, &anew)] {
        owner.again().finds_it_running().await;
        assert_eq!(owner.complete(held, b"done").await, Completion::Stored);
        harness.sweep().await;
        owner.again().is_replayed(b"done").await;
    }
}

/// Tries like this one, each its own, all at the same time.
async fn claim_at_once<H: Harness>(harness: &H, like: &Claimant<H::Store>) -> Vec<Claimed> {
    let mut handles = Vec::new();
    for _ in 0..HANDLES {
        handles.push(like.reconnected(harness).await);
    }
    let start = Arc::new(Barrier::new(MANY));
    let mut tries = JoinSet::new();
    for one in handles.iter().cycle().take(MANY).map(Claimant::again) {
        tries.spawn(claim_after(start.clone(), one));
    }
    tries.join_all().await
}

async fn claim_after<S: Store>(start: Arc<Barrier>, one: Claimant<S>) -> Claimed {
    start.wait().await;
    one.claim().await
}

/// All but one are told that another has it.
pub(super) fn one_is_granted(answers: impl IntoIterator<Item = Claimed>) -> Held {
    let mut granted = Vec::new();
    for answer in answers {
        match answer {
            Claimed::First(held) => granted.push(held),
            Claimed::Running { .. } => {}
            other => panic!("beside the one that is granted a claim was answered {other:?}"),
        }
    }
    match granted[..] {
        [held] => held,
        [] => panic!("no claim was granted"),
        [one, other, ..] => {
            panic!("{} claims were granted, among them {one:?} and {other:?}", granted.len())
        }
    }
}
