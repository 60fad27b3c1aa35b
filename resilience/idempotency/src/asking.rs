//! Asking a store again where its answer was lost.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::nonce::random;
use crate::together::Within;
use crate::{StoreError, StoreErrorKind};

/// How often a store is asked before it counts as unavailable.
const TRIES: u32 = 4;
/// How many of these may hang before the last.
const MOST_HUNG: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause between two looks at whether another try has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Asks a store, and again where it does not answer: its calls can be repeated. All in all it takes
/// less than the limit.
///
/// A call that hangs is repeated after a fifth of that, as its connection may be dead; the third of
/// them is given half, as the store may only be slow.
pub(crate) async fn ask<T, F>(limit: Duration, mut call: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pauses = Pauses::up_to(limit / 20);
    let (mut tries, mut hung) = (0, 0);
    loop {
        tries += 1;
        let is_last = tries == TRIES || hung == MOST_HUNG;
        // Each that went before has had a fifth at most, and a pause of a twentieth.
        let time = if is_last { limit / TRIES * (TRIES + 1 - tries) } else { limit / 5 };
        let error = match Within::new(time, call()).await {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(error)) => error,
            None => {
                hung += 1;
                StoreError::unavailable("it did not answer in time")
            }
        };
        if is_last || error.kind() != StoreErrorKind::Unavailable {
            return Err(error);
        }
        sleep(pauses.next()).await;
    }
}

/// The same, and when the call began that was answered: what it has granted counts from no earlier.
pub(crate) async fn ask_since<T, F>(
    limit: Duration,
    mut call: impl FnMut() -> F,
) -> Result<(Instant, T), StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut asked = Instant::now();
    let answer = ask(limit, || {
        asked = Instant::now();
        call()
    })
    .await?;
    Ok((asked, answer))
}

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

/// Pauses that double up to a limit, each less up to its half by chance.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    most: Duration,
}

impl Pauses {
    pub(crate) fn up_to(most: Duration) -> Self {
        Self { next: FIRST_PAUSE.min(most), most }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.most);
        // Down to a thousandth, which is what timers count in.
        let per_mille = u32::try_from(random() % 500).unwrap_or_default();
        pause.saturating_sub(pause / 1000 * per_mille)
    }
}

/// Clocks end somewhere. What lasts for more than a century lasts for one.
pub(crate) fn after(now: Instant, duration: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    now.checked_add(duration.min(CENTURY)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(4);

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_is_asked_again_and_not_for_ever() {
        let asked = Cell::new(0);
        let failing = || {
            asked.set(asked.get() + 1);
            async { Err::<(), _>(StoreError::unavailable("it is down")) }
        };
        let began = Instant::now();
        assert!(ask(LIMIT, failing).await.is_err());
        assert!(asked.get() == 4 && began.elapsed() < Duration::from_millis(100));

        asked.set(0);
        let began = Instant::now();
        let hanging = || {
            asked.set(asked.get() + 1);
            pending::<Result<(), _>>()
        };
        let error = ask(LIMIT, hanging).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(asked.get() == 3 && began.elapsed() < LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_slow_is_waited_for() {
        let slow = || async {
            sleep(LIMIT * 9 / 20).await;
            Ok(())
        };
        assert!(ask(LIMIT, slow).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_change_is_not_asked_again() {
        for kind in [StoreErrorKind::Full, StoreErrorKind::Unreadable] {
            let asked = Cell::new(0);
            let refusing = || {
                asked.set(asked.get() + 1);
                async move { Err::<(), _>(StoreError::new(kind)) }
            };
            assert_eq!(ask(LIMIT, refusing).await.unwrap_err().kind(), kind);
            assert_eq!(asked.get(), 1);
        }
    }

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

    #[test]
    fn pauses_double_up_to_their_limit() {
        let most = Duration::from_millis(100);
        let mut pauses = Pauses::up_to(most);
        for doubled in [10, 20, 40, 80, 100, 100, 100] {
            let (pause, doubled) = (pauses.next(), Duration::from_millis(doubled));
            assert!(pause <= doubled && pause >= doubled / 2, "{pause:?}, {doubled:?}");
        }
        assert_eq!(Pauses::up_to(Duration::ZERO).next(), Duration::ZERO);
    }
}
