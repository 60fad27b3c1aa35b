use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything here may take. Far more than it does: a slow machine is no failure.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        sleep(Duration::from_millis(20)).await;
    }
}
