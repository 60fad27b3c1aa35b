use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::pauses::Pauses;
use crate::together::Within;
use crate::{StoreError, StoreErrorKind};

/// How often a store is asked before it counts as unavailable.
const TRIES: u32 = 4;
/// How many of these may hang before the last.
const MOST_HUNG: u32 = 2;

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
    let mut asked = None;
    let answer = ask(limit, || {
        asked = Some(Instant::now());
        call()
    })
    .await?;
    // It is not answered before it is asked.
    Ok((asked.unwrap_or_else(Instant::now), answer))
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
}
