use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Harness;
use super::claimant::{Claimant, LONG, PAST, key};
use super::concurrent::one_is_granted;
use crate::{Claimed, Completion, Held, Renewal, Store};

/// On how many keys owners and those that take over meet.
const KEYS: usize = 8;
/// How often the owner makes its call, and how many claim, all at once.
const RIVALS: usize = 8;

/// An owner whose lease has ended completes while others take over: one side wins, and the other
/// is told so.
pub async fn scenario_02_completion_meets_takeovers<H: Harness>(harness: &H) {
    let complete = |owner: Claimant<_>, held| async move { owner.complete(&held, b"late").await };
    for met in meet(harness, complete).await {
        if met.answer() == Completion::Lost(None) {
            met.a_rival_has_won().await;
            continue;
        }
        assert_eq!(met.answer(), Completion::Stored);
        let replayed = Claimed::Completed(Bytes::from_static(b"late"));
        assert!(met.claims.iter().all(|claim| *claim == replayed), "{:?}", met.claims);
        met.owner.again().is_replayed(b"late").await;
    }
}

/// The same where it renews its lease.
pub async fn scenario_02_renewal_meets_takeovers<H: Harness>(harness: &H) {
    let renew = |owner: Claimant<_>, held| async move { owner.renew(&held, LONG).await };
    for met in meet(harness, renew).await {
        if met.answer() == Renewal::Lost {
            met.a_rival_has_won().await;
            continue;
        }
        let is_running = |claim: &Claimed| matches!(claim, Claimed::Running { .. });
        assert!(met.claims.iter().all(is_running), "{:?}", met.claims);
        met.has_the_key(&met.lost).await;
    }
}

/// The same where it gives the key up: one of the others has it, and keeps it.
pub async fn scenario_02_release_meets_takeovers<H: Harness>(harness: &H) {
    let release = |owner: Claimant<_>, held| async move { owner.release(&held).await };
    for met in meet(harness, release).await {
        met.a_rival_has_won().await;
    }
}

/// How an owner and those that take over from it fared.
struct Met<S, T> {
    owner: Claimant<S>,
    lost: Held,
    answers: Vec<T>,
    claims: Vec<Claimed>,
}

impl<S: Store, T: Clone + Debug + PartialEq> Met<S, T> {
    /// What the owner was told, each time.
    fn answer(&self) -> T {
        match &self.answers[..] {
            [one, others @ ..] if others.iter().all(|other| other == one) => one.clone(),
            answers => panic!("repeats of one call were answered {answers:?}"),
        }
    }

    async fn a_rival_has_won(&self) {
        let held = one_is_granted(self.claims.iter().cloned());
        assert!(held.fence > self.lost.fence, "{held:?} after {:?}", self.lost);
        self.owner.is_refused(&self.lost, None).await;
        self.has_the_key(&held).await;
    }

    async fn has_the_key(&self, held: &Held) {
        self.owner.again().finds_it_running().await;
        assert_eq!(self.owner.complete(held, b"done").await, Completion::Stored);
        self.owner.again().is_replayed(b"done").await;
    }
}

/// On keys whose leases have ended, owners make this call at the same time as others claim.
async fn meet<H, T, F>(
    harness: &H,
    call: impl Fn(Claimant<H::Store>, Held) -> F,
) -> Vec<Met<H::Store, T>>
where
    H: Harness,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let rival = Claimant::new(harness, key()).await;
    let mut owners = Vec::new();
    for _ in 0..KEYS {
        let mut owner = rival.reconnected(harness).await.again().briefly();
        owner.claim.key = key();
        let lost = owner.first().await;
        owners.push((owner, lost));
    }
    harness.wait(PAST).await;

    let mut all = Vec::new();
    for (owner, lost) in owners {
        let start = Arc::new(Barrier::new(2 * RIVALS));
        let (mut calls, mut claims) = (JoinSet::new(), JoinSet::new());
        for _ in 0..RIVALS {
            calls.spawn(after(start.clone(), call(owner.clone(), lost)));
            let mut rival = rival.again();
            rival.claim.key = owner.claim.key;
            claims.spawn(after(start.clone(), async move { rival.claim().await }));
        }
        let (answers, claims) = (calls.join_all().await, claims.join_all().await);
        all.push(Met { owner, lost, answers, claims });
    }
    all
}

async fn after<T>(start: Arc<Barrier>, call: impl Future<Output = T>) -> T {
    start.wait().await;
    call.await
}
