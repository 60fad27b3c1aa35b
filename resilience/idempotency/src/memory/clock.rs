use std::time::{Instant, SystemTime};

use mainstay_core::{Clock, SystemClock};

/// The clock of the tokio runtime: that of the system, unless a test has paused it. It can be read
/// outside of a runtime as well.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn system_time(&self) -> SystemTime {
        SystemClock.system_time()
    }
}
