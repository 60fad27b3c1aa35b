//! What is left to do when a try is dropped in the middle.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::event::Event;
use super::record::Record;
use super::service::Shared;
use super::settle::{Ending, Settle};
use crate::asking::ask;
use crate::release::{give_back, release};
use crate::{Claim, Held, Store, StoreErrorKind};

/// How long after it was last asked in vain the store is asked again to keep an answer.
const COMPLETE_AGAIN: Duration = Duration::from_millis(500);

/// Settles the key of a try that is dropped, in a task of its own. Outside of a runtime, or where
/// there are too many of them, the lease runs out.
pub(super) struct Cleanup<St: Store> {
    shared: Arc<Shared<St>>,
    left: Left,
}

#[derive(Debug, Default)]
enum Left {
    #[default]
    Nothing,
    /// The store may have granted it.
    Claiming(Claim),
    /// The handler runs.
    Holding(Held),
    /// It has ended, and the store may not have its record. Up to the instant nobody else has run.
    Completing(Held, Bytes, Instant),
}

impl<St: Store> Cleanup<St> {
    pub(super) fn of_claim(shared: &Arc<Shared<St>>, claim: &Claim) -> Self {
        Self { shared: Arc::clone(shared), left: Left::Claiming(claim.clone()) }
    }

    pub(super) fn holds(&mut self, held: Held) {
        self.left = Left::Holding(held);
    }

    pub(super) fn completes(&mut self, held: Held, record: Bytes, until: Instant) {
        self.left = Left::Completing(held, record, until);
    }

    pub(super) fn is_done(&mut self) {
        self.left = Left::Nothing;
    }
}

impl<St: Store> Drop for Cleanup<St> {
    fn drop(&mut self) {
        let left = mem::take(&mut self.left);
        let key = match &left {
            Left::Nothing => return,
            Left::Claiming(claim) => claim.key,
            Left::Holding(held) | Left::Completing(held, ..) => held.key,
        };
        if std::thread::panicking() {
            return;
        }
        if !self.shared.tasks.settle(settle(Arc::clone(&self.shared), left)) {
            self.shared.config.tell(|| Event::NotSettled { key });
        }
    }
}

async fn settle<St: Store>(shared: Arc<Shared<St>>, left: Left) {
    let (store, limit) = (&*shared.store, shared.config.store_timeout);
    let (held, settle) = match left {
        Left::Nothing => return,
        Left::Completing(held, record, until) => {
            return complete(&shared, held, record, until).await;
        }
        Left::Holding(held) => (held, (shared.config.outcomes)(Ending::Cancelled)),
        Left::Claiming(claim) => return give_back(store, &claim, limit).await,
    };
    let Held { key, fence, .. } = held;
    let released = match settle {
        Settle::Leave => return,
        Settle::Release => release(store, &held, limit).await,
        // It is given up as what was taken over is: so that the next try is told.
        Settle::HandOver => release(store, &Held { taken_over: true, ..held }, limit).await,
        Settle::Store => {
            let keep = shared.config.keep;
            let stored = ask(limit, || store.complete(&held, Record::marker(), keep)).await;
            if let Err(error) = stored {
                shared.config.tell(|| Event::NotStored { key, fence, error: error.kind() });
            }
            return;
        }
    };
    // The lease runs out.
    if let Err(error) = released {
        shared.config.tell(|| Event::NotReleased { key, fence, error: error.kind() });
    }
}

/// Until the store has answered, or another may have run.
async fn complete<St: Store>(shared: &Shared<St>, held: Held, record: Bytes, until: Instant) {
    let (limit, keep) = (shared.config.store_timeout, shared.config.keep);
    while Instant::now() < until {
        match ask(limit, || shared.store.complete(&held, record.clone(), keep)).await {
            Err(error) if error.kind() == StoreErrorKind::Unavailable => {
                sleep(COMPLETE_AGAIN).await;
            }
            _ => return,
        }
    }
}
