use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Held, MemoryStore, Promise, Renewal, Store, StoreError,
};
use tokio::time::{sleep, timeout};

/// What happens to a call on its way to the store and back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    None,
    /// It does not arrive.
    Refused,
    /// It arrives, and its answer does not.
    ReplyLost,
    /// It does not arrive, and nobody says so.
    Hangs,
    /// It arrives, and its answer never does.
    ReplyHangs,
    /// It arrives after this time, and its answer after as much again.
    Slow(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Claim,
    Complete,
    Release,
    Renew,
}

/// A store in memory behind a bad network. Clones are connections to the same.
#[derive(Clone, Default)]
pub(super) struct Faulty(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: Mutex<Arc<MemoryStore>>,
    plan: Mutex<Vec<(Call, VecDeque<Fault>)>>,
    outage: Mutex<Option<Fault>>,
    calls: Mutex<Vec<Call>>,
}

impl Faulty {
    /// The next calls of this kind have these faults, the others none.
    pub(super) fn plan(&self, call: Call, faults: impl IntoIterator<Item = Fault>) {
        self.0.plan.lock().unwrap().push((call, faults.into_iter().collect()));
    }

    /// All calls have this fault from now on.
    pub(super) fn all(&self, fault: Fault) {
        *self.0.outage.lock().unwrap() = Some(fault);
    }

    /// No call has a fault any more.
    pub(super) fn heal(&self) {
        self.0.plan.lock().unwrap().clear();
        *self.0.outage.lock().unwrap() = None;
    }

    /// All keys are gone, as after a failover.
    pub(super) fn lose_all(&self) {
        *self.0.store.lock().unwrap() = Arc::default();
    }

    fn store(&self) -> Arc<MemoryStore> {
        self.0.store.lock().unwrap().clone()
    }

    pub(super) fn calls(&self, of: Call) -> usize {
        self.0.calls.lock().unwrap().iter().filter(|call| **call == of).count()
    }

    fn fault(&self, of: Call) -> Fault {
        self.0.calls.lock().unwrap().push(of);
        let mut plan = self.0.plan.lock().unwrap();
        let planned = plan
            .iter_mut()
            .filter(|(call, _)| *call == of)
            .find_map(|(_, faults)| faults.pop_front());
        planned.or(*self.0.outage.lock().unwrap()).unwrap_or(Fault::None)
    }

    async fn through<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.fault(call) {
            Fault::None => answer.await,
            Fault::Refused => Err(StoreError::unavailable("refused")),
            Fault::ReplyLost => {
                answer.await?;
                Err(StoreError::unavailable("reset"))
            }
            Fault::Hangs => pending().await,
            Fault::ReplyHangs => {
                answer.await?;
                pending().await
            }
            Fault::Slow(time) => {
                sleep(time).await;
                let answer = answer.await;
                sleep(time).await;
                answer
            }
        }
    }
}

impl Store for Faulty {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.through(Call::Claim, self.store().claim(claim)).await
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.through(Call::Complete, self.store().complete(held, record, keep)).await
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.through(Call::Release, self.store().release(held)).await
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.through(Call::Renew, self.store().renew(held, lease)).await
    }

    fn promise(&self) -> Promise {
        self.store().promise()
    }
}

/// Runs this for so long, and then drops it, as a process that dies does.
pub(super) async fn dies_after<F: Future>(time: Duration, work: F) -> Option<F::Output> {
    timeout(time, work).await.ok()
}
