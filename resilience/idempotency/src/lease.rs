//! How the holder of a claim knows that it still is.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::asking::after;
use crate::{Held, Renewal, Store};

/// What becomes of a lease while it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    /// It was renewed, and is safe up to here.
    Until(Instant),
    /// The claim is lost, or may be soon.
    Lost,
}

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

    pub(crate) fn is_safe(&self) -> bool {
        Instant::now() < self.safe_until()
    }

    /// Asks the store once, before `until`. `None` if it did not answer.
    async fn renew(&mut self, store: &impl Store, held: &Held, until: Instant) -> Option<Renewal> {
        let asked = Instant::now();
        let renewal = timeout_at(until, store.renew(held, self.length)).await.ok()?.ok()?;
        if renewal == Renewal::Renewed {
            self.asked = asked;
        }
        Some(renewal)
    }

    /// Renews it at each third, and tells of it. That the claim is lost, or may be soon, is told
    /// once.
    ///
    /// It goes on after that, as the store may not have let anybody in yet, and ends only when the
    /// claim is lost.
    pub(crate) async fn keep(
        &mut self,
        store: &impl Store,
        held: &Held,
        mut tell: impl FnMut(Kept),
    ) {
        let mut is_safe = true;
        let mut next = after(self.asked, self.length / 3);
        loop {
            let safe_until = self.safe_until();
            sleep_until(if is_safe { next.min(safe_until) } else { next }).await;
            let now = Instant::now();
            // One that hangs leaves time for another.
            let mut until = after(now, self.length / 6);
            if now < safe_until {
                until = until.min(safe_until);
            } else if is_safe {
                is_safe = false;
                tell(Kept::Lost);
            }
            next = match self.renew(store, held, until).await {
                Some(Renewal::Renewed) => {
                    tell(Kept::Until(self.safe_until()));
                    after(self.asked, self.length / 3)
                }
                Some(Renewal::Lost) => break,
                None if is_safe => after(Instant::now(), self.length / 20),
                None => after(Instant::now(), self.length / 3),
            };
        }
        if is_safe {
            tell(Kept::Lost);
        }
    }
}
