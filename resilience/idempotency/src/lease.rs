//! How the holder of a claim knows that it still is.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::asking::after;
use crate::{Held, Renewal, Store};

/// A lease as its holder counts it: from before the store was asked for it, so that it ends here
/// before it does there.
#[derive(Debug)]
pub(crate) struct Lease {
    length: Duration,
    asked: Instant,
}

impl Lease {
    /// `asked` is when the call began that was answered.
    pub(crate) fn new(asked: Instant, length: Duration) -> Self {
        Self { length, asked }
    }

    /// Up to here nobody else has the key: a tenth of the lease is kept for clocks that run at
    /// different speeds, and for stopping what runs.
    pub(crate) fn safe_until(&self) -> Instant {
        after(self.asked, self.length.saturating_sub(self.length / 10))
    }

    /// Asks the store once, before `until`. `None` if it did not answer.
    pub(crate) async fn renew(
        &mut self,
        store: &impl Store,
        held: &Held,
        until: Instant,
    ) -> Option<Renewal> {
        let asked = Instant::now();
        let renewal = timeout_at(until, store.renew(held, self.length)).await.ok()?.ok()?;
        if renewal == Renewal::Renewed {
            self.asked = asked;
        }
        Some(renewal)
    }

    /// Renews it at each third, and ends when the claim is lost, or may be soon.
    pub(crate) async fn keep(&mut self, store: &impl Store, held: &Held) {
        let mut next = after(self.asked, self.length / 3);
        loop {
            let safe_until = self.safe_until();
            sleep_until(next.min(safe_until)).await;
            let now = Instant::now();
            if now >= safe_until {
                return;
            }
            // One that hangs leaves time for another.
            let until = after(now, self.length / 6).min(safe_until);
            next = match self.renew(store, held, until).await {
                Some(Renewal::Renewed) => after(self.asked, self.length / 3),
                Some(Renewal::Lost) => return,
                None => after(Instant::now(), self.length / 20),
            };
        }
    }
}

/// Runs `work` to its end. Beside it runs `other`, which is begun only if `work` has to wait, and
/// is dropped with it.
pub(crate) async fn beside<T>(work: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    let mut work = pin!(work);
    let mut other = pin!(other);
    let mut is_running = true;
    poll_fn(|cx| {
        let worked = work.as_mut().poll(cx);
        if worked.is_pending() && is_running {
            is_running = other.as_mut().poll(cx).is_pending();
        }
        worked
    })
    .await
}
