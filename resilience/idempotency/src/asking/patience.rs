use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::after;
use super::pauses::Pauses;

/// The longest pause between two looks at whether another try has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How long a try waits for another, in all.
#[derive(Debug)]
pub(crate) struct Patience {
    limit: Duration,
    /// Set when it first waits.
    until: Option<Instant>,
    pauses: Pauses,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, until: None, pauses: Pauses::up_to(LONGEST_PAUSE) }
    }

    fn until(&mut self) -> Instant {
        *self.until.get_or_insert_with(|| after(Instant::now(), self.limit))
    }

    /// Waits for this; `None` if it takes too long, or longer than up to the other limit.
    pub(crate) async fn wait<T>(
        &mut self,
        future: impl Future<Output = T>,
        limit: Option<Instant>,
    ) -> Option<T> {
        let until = self.until();
        timeout_at(limit.map_or(until, |limit| limit.min(until)), future).await.ok()
    }

    pub(crate) fn is_over(&mut self) -> bool {
        Instant::now() >= self.until()
    }

    /// Waits before the store is asked again, each time for longer, but not for longer than the
    /// lease that is in the way lasts. Whether it is to be asked.
    pub(crate) async fn pause(&mut self, lease_left: Duration) -> bool {
        let until = self.until();
        let now = Instant::now();
        if now >= until {
            return false;
        }
        // A lease that ends is worth another look only once it has.
        let lease_left = lease_left.saturating_add(Duration::from_millis(1));
        sleep(self.pauses.next().min(lease_left).min(until - now)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(4);

    #[tokio::test(start_paused = true)]
    async fn patience_ends_with_its_limit_however_long_the_lease_is() {
        for lease_left in [Duration::ZERO, LIMIT, Duration::MAX] {
            let (mut patience, began) = (Patience::new(LIMIT), Instant::now());
            while patience.pause(lease_left).await {}
            assert!(began.elapsed() >= LIMIT && began.elapsed() < LIMIT + LIMIT / 100);
        }
        let mut endless = Patience::new(Duration::MAX);
        assert!(endless.pause(Duration::MAX).await);
        assert_eq!(endless.wait(async { 7 }, None).await, Some(7));
    }
}
