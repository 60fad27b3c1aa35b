use rustix::time::{ClockId, clock_gettime};

/// Microseconds since the machine was started: the same for all of its processes, and never set.
pub(crate) fn micros() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    part(time.tv_sec) * 1_000_000 + part(time.tv_nsec) / 1000
}
