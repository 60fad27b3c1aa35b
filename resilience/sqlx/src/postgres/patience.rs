use std::sync::Arc;
use std::time::Duration;

/// How long something is waited for.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    pub(super) wait: Duration,
    /// The same, for statements.
    lock_timeout: Arc<str>,
}

impl Patience {
    pub(super) fn of(wait: Duration) -> Self {
        // 0 is no limit to PostgreSQL, and milliseconds have 31 bits.
        let lock_timeout = format!("{}ms", wait.as_millis().clamp(1, 1 << 30)).into();
        Self { wait, lock_timeout }
    }

    /// As PostgreSQL reads it.
    pub(super) fn lock_timeout(&self) -> &str {
        &self.lock_timeout
    }
}
