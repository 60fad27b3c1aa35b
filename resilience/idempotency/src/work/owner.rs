use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::settings::Settings;
use super::{Done, Grant, NotStored};
use crate::asking::{ask, ask_since};
use crate::lease::{Kept, Lease};
use crate::release::release;
use crate::together::Beside;
use crate::{Completion, Fence, Held, Renewal, Store, StoreError};

/// The right to run an effect, until its lease ends.
///
/// It ends with [`complete`](Self::complete) or [`release`](Self::release). If it is dropped, the
/// key stays held until the lease ends: nobody knows then what has happened.
pub struct Owner<S> {
    store: Arc<S>,
    grant: Grant,
    lease: Lease,
    settings: Settings,
}

impl<S: Store> Owner<S> {
    pub(super) fn new(store: Arc<S>, held: Held, asked: Instant, settings: Settings) -> Self {
        let lease = Lease::new(asked, settings.lease);
        Self { store, grant: Grant::new(held), lease, settings }
    }

    /// What the effect is given.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// [`Grant::fence`].
    pub fn fence(&self) -> Fence {
        self.grant.fence()
    }

    /// For how long nobody else has the key, unless it is renewed: the lease since it was last
    /// asked for, less a tenth.
    pub fn left(&self) -> Duration {
        self.lease.safe_until().saturating_duration_since(Instant::now())
    }

    /// Runs this, and renews the lease meanwhile at each third of it. If it cannot be renewed in
    /// time [`Grant::lost`] is cancelled, before it ends.
    ///
    /// There is no task behind it: the lease is renewed while the future is polled.
    pub async fn during<F: Future>(&mut self, work: F) -> F::Output {
        let Self { store, grant, lease, .. } = self;
        let told = |kept| {
            if let Kept::Lost = kept {
                grant.lost.cancel();
            }
        };
        let keep = lease.keep(store.as_ref(), &grant.held, told);
        Beside::new(work, keep).await
    }

    /// Renews the lease now. [`Renewal::Lost`] cancels [`Grant::lost`] as well.
    pub async fn renew(&mut self) -> Result<Renewal, StoreError> {
        let Self { store, grant, lease, settings } = self;
        let renew = || store.renew(&grant.held, settings.lease);
        let (asked, renewal) = ask_since(settings.store_limit, renew).await?;
        match renewal {
            Renewal::Renewed => *lease = Lease::new(asked, settings.lease),
            Renewal::Lost => grant.lost.cancel(),
        }
        Ok(renewal)
    }

    /// The effect has happened: stores its record, which later tries are given.
    ///
    /// If the claim was lost and another has completed it, that one's record is the answer.
    ///
    /// After [`NotStored::Store`] it may be called again. While there is something [left](Self::left)
    /// of the lease nobody else runs, and [`renew`](Self::renew) makes that last.
    pub async fn complete(&self, record: impl Into<Bytes>) -> Result<Done, NotStored> {
        let record = record.into();
        let Self { store, grant, settings, .. } = self;
        let keep = settings.keep;
        // What it is a slice of may be far larger, and would be kept as well.
        let stored = Bytes::copy_from_slice(&record);
        let complete = || store.complete(&grant.held, stored.clone(), keep);
        match ask(settings.store_limit, complete).await {
            Ok(Completion::Stored) => Ok(Done::Ran(record)),
            Ok(Completion::Lost(Some(record))) => Ok(Done::Replayed(record)),
            Ok(Completion::Lost(None)) => Err(NotStored::Lost(record)),
            Err(error) => Err(NotStored::Store { error, record }),
        }
    }

    /// The effect has not happened: gives the key up, so that the next try runs.
    ///
    /// Of a claim that was [taken over](Grant::taken_over) the lease ends at once instead, so that the
    /// next try is told of the takeover as well. A renewal that reaches the store later than that
    /// [has it last anew](Store#cancellation), once.
    ///
    /// After an error it may be held until the lease ends.
    pub async fn release(self) -> Result<(), StoreError> {
        let Self { store, grant, settings, .. } = self;
        release(&*store, &grant.held, settings.store_limit).await
    }
}

impl<S> fmt::Debug for Owner<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("grant", &self.grant).finish_non_exhaustive()
    }
}
