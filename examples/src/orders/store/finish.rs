use std::future::pending;
use std::panic::resume_unwind;

/// Runs a transaction to its end, whoever waits for it: one that is given up while it begins would
/// leave its connection in a transaction that nobody ends.
pub(super) async fn to_the_end<T: Send + 'static>(
    transaction: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(transaction).await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime shuts down, and this with it.
            Err(_) => pending().await,
        },
    }
}
