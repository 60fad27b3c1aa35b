//! How the holder of a claim knows that it still is.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::flight::Flight;
use crate::{Held, Renewal, Store};

/// A lease as its holder counts it: from before the store was asked, so that it ends here before
/// it does there.
#[derive(Debug)]
pub(super) struct Lease {
    length: Duration,
    asked: Instant,
}

impl Lease {
    pub(super) fn new(asked: Instant, length: Duration) -> Self {
        Self { length, asked }
    }

    /// Up to here nobody else has the key, whatever the store's clock has done: a tenth of the
    /// lease is kept for clocks that run at different speeds.
    fn safe_until(&self) -> Instant {
        self.asked + self.length.saturating_sub(self.length / 10)
    }

    pub(super) fn is_safe(&self) -> bool {
        Instant::now() < self.safe_until()
    }

    /// Renews it at each third, for as long as it is polled. If that cannot be done in time the
    /// flight is told, and that is the end of it.
    pub(super) async fn keep(&mut self, store: &impl Store, held: &Held, flight: &Flight) {
        let mut next = self.asked + self.length / 3;
        loop {
            sleep_until(next.min(self.safe_until())).await;
            let asked = Instant::now();
            if asked >= self.safe_until() {
                break;
            }
            // One that hangs leaves time for another.
            let until = (asked + self.length / 6).min(self.safe_until());
            next = match timeout_at(until, store.renew(held, self.length)).await {
                Ok(Ok(Renewal::Renewed)) => {
                    self.asked = asked;
                    asked + self.length / 3
                }
                Ok(Ok(Renewal::Lost)) => break,
                Ok(Err(_)) => Instant::now() + self.length / 12,
                Err(_) => Instant::now(),
            };
        }
        flight.lose();
    }
}
