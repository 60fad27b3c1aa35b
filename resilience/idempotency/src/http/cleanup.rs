//! What is left to do when a try is dropped in the middle.

use std::mem;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::record::Record;
use super::service::Shared;
use super::settle::{Ending, Settle};
use crate::asking::ask;
use crate::{Claim, Claimed, Held, Store};

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
}

impl<St: Store> Cleanup<St> {
    pub(super) fn of_claim(shared: &Arc<Shared<St>>, claim: &Claim) -> Self {
        Self { shared: Arc::clone(shared), left: Left::Claiming(claim.clone()) }
    }

    pub(super) fn holds(&mut self, held: Held) {
        self.left = Left::Holding(held);
    }

    pub(super) fn is_done(&mut self) {
        self.left = Left::Nothing;
    }
}

impl<St: Store> Drop for Cleanup<St> {
    fn drop(&mut self) {
        let left = mem::take(&mut self.left);
        let is_full = self.shared.detached.len() >= self.shared.config.most_detached;
        if matches!(left, Left::Nothing) || is_full || std::thread::panicking() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let shared = Arc::clone(&self.shared);
            runtime.spawn(self.shared.detached.track_future(settle(shared, left)));
        }
    }
}

async fn settle<St: Store>(shared: Arc<Shared<St>>, left: Left) {
    let (store, limit) = (&*shared.store, shared.config.store_timeout);
    let (held, settle) = match left {
        Left::Nothing => return,
        Left::Holding(held) => (held, (shared.config.outcomes)(Ending::Cancelled)),
        // Asked once more, so as to know whether it was granted. Nothing has begun under it.
        Left::Claiming(claim) => match ask(limit, || store.claim(&claim)).await {
            Ok(Claimed::First(held)) => (held, Settle::Release),
            _ => return,
        },
    };
    // If it fails the lease runs out.
    match settle {
        Settle::Leave => {}
        Settle::Release => drop(ask(limit, || store.release(&held)).await),
        Settle::Store => {
            let keep = shared.config.keep;
            drop(ask(limit, || store.complete(&held, Record::marker(), keep)).await);
        }
    }
}
