use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::release::give_back;
use crate::{Claim, Store};

/// A claim that is asked for. The store may have granted it to a try that does not hear of it: it
/// is then given back, in a task, if there is room and a runtime.
pub(super) struct Pending<'a, S: Store> {
    pub(super) store: &'a Arc<S>,
    pub(super) room: &'a Arc<Semaphore>,
    pub(super) limit: Duration,
    /// `None` once it is answered.
    pub(super) claim: Option<&'a Claim>,
}

impl<S: Store> Pending<'_, S> {
    pub(super) fn is_answered(&mut self) {
        self.claim = None;
    }
}

impl<S: Store> Drop for Pending<'_, S> {
    fn drop(&mut self) {
        let Some(claim) = self.claim.cloned() else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        let Ok(place) = Arc::clone(self.room).try_acquire_owned() else { return };
        let (store, limit) = (Arc::clone(self.store), self.limit);
        runtime.spawn(async move {
            give_back(&*store, &claim, limit).await;
            drop(place);
        });
    }
}
