//! Limits on time that cost nothing where there is nothing to wait for.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::together::Within;
use crate::{StoreError, StoreErrorKind};

/// How often a store is asked before it counts as unavailable.
const TRIES: u32 = 3;
/// How long to wait before it is asked again, at first.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// And at most, when it is asked whether another try has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Asks a store, and again where it does not answer: its calls can be repeated.
pub(super) async fn ask<T, F>(limit: Duration, mut call: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = Within::new(limit / TRIES, call()).await;
        let error = match answer {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(error)) => error,
            None => StoreError::unavailable("it did not answer in time"),
        };
        if error.kind() != StoreErrorKind::Unavailable || tries == TRIES {
            return Err(error);
        }
        sleep(FIRST_PAUSE * tries).await;
    }
}

/// How long a duplicate waits, in all.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    /// Set when it first waits.
    until: Option<Instant>,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, until: None, pause: FIRST_PAUSE }
    }

    fn until(&mut self) -> Instant {
        *self.until.get_or_insert_with(|| Instant::now() + self.limit)
    }

    /// Waits for this; `None` if it takes too long.
    pub(super) async fn wait<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until(), future).await.ok()
    }

    /// Waits before the store is asked again, each time for longer, but not for longer than the
    /// lease that is in the way lasts. Whether it is to be asked.
    pub(super) async fn pause(&mut self, lease_left: Duration) -> bool {
        let until = self.until();
        let now = Instant::now();
        if now >= until {
            return false;
        }
        // A lease that ends is worth another look only once it has.
        let lease_left = lease_left + Duration::from_millis(1);
        let pause = self.pause.min(lease_left).min(until - now);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        sleep(pause).await;
        true
    }
}
