use std::num::{NonZeroU8, NonZeroU16};
use std::time::{Duration, Instant};

use super::InvalidConfig;
use crate::window::{CountWindow, Counts, Late, Sample, TimeWindow};

/// The calls a breaker looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Window(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Calls(u16),
    Time(Duration),
}

/// In so many parts a window of time forgets.
const BUCKETS: NonZeroU8 = NonZeroU8::new(10).unwrap();
/// To so many parts it can become longer: six times.
const MOST_BUCKETS: NonZeroU8 = NonZeroU8::new(60).unwrap();
/// To so many calls a window can grow in any case: half a kilobyte.
const MOST_CALLS: NonZeroU16 = NonZeroU16::new(1024).unwrap();

impl Window {
    /// The last calls, so many of them; at least 1. It takes four bits for each, and no clock.
    pub const fn calls(calls: u16) -> Self {
        Self(Kind::Calls(calls))
    }

    /// The calls of the last stretch of time, which moves on by a tenth of it at a time. At least
    /// 10 ms. It takes the same memory however many calls there are, and a clock.
    pub const fn last(length: Duration) -> Self {
        Self(Kind::Time(length))
    }

    /// How many calls it holds, if it is one of calls.
    pub const fn get_calls(self) -> Option<u16> {
        match self.0 {
            Kind::Calls(calls) => Some(calls),
            Kind::Time(_) => None,
        }
    }

    /// How long it is, if it is one of time.
    pub const fn get_length(self) -> Option<Duration> {
        match self.0 {
            Kind::Calls(_) => None,
            Kind::Time(length) => Some(length),
        }
    }

    /// How many calls it can hold, if there is a limit.
    pub(super) fn most_calls(self) -> Option<u32> {
        match self.0 {
            Kind::Calls(calls) => Some(u32::from(calls)),
            Kind::Time(_) => None,
        }
    }
}

/// A window in use.
#[derive(Debug)]
pub(super) struct Ring {
    window: InUse,
    most: Window,
}

#[derive(Debug)]
enum InUse {
    Calls(CountWindow),
    Time(TimeWindow),
}

/// A change that the window in use can make.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resize {
    Calls(NonZeroU16),
    Time(Duration),
}

impl Ring {
    pub(super) fn new(window: Window, origin: Instant) -> Result<Self, InvalidConfig> {
        Ok(match Resize::to(window)? {
            Resize::Calls(calls) => {
                let most = calls.max(MOST_CALLS);
                let window = InUse::Calls(CountWindow::with_room(calls, most));
                Self { window, most: Window::calls(most.get()) }
            }
            Resize::Time(length) => {
                let window = TimeWindow::with_room(origin, length, BUCKETS, MOST_BUCKETS);
                Self { window: InUse::Time(window), most: Window::last(length.saturating_mul(6)) }
            }
        })
    }

    /// Whether the window in use can become this one.
    pub(super) fn can_become(&self, window: Window) -> Result<Resize, InvalidConfig> {
        let fits = match (window.0, self.most.0) {
            (Kind::Calls(calls), Kind::Calls(most)) => calls <= most,
            (Kind::Time(length), Kind::Time(most)) => length <= most,
            _ => false,
        };
        if fits { Resize::to(window) } else { Err(InvalidConfig::WindowChange) }
    }

    /// Makes the change; see [`CountWindow::resize`]. Says whether it took a new epoch.
    pub(super) fn resize(&self, from: u32, to: u32, resize: Resize) -> bool {
        match (&self.window, resize) {
            (InUse::Calls(window), Resize::Calls(calls)) => {
                window.resize(from, to, calls);
                true
            }
            (InUse::Time(window), Resize::Time(length)) => {
                window.set_length(length);
                false
            }
            // The kinds were compared before.
            _ => false,
        }
    }

    /// Only a window of time asks for the time.
    #[inline]
    pub(super) fn record(
        &self,
        epoch: u32,
        now: impl FnOnce() -> Instant,
        sample: Sample,
    ) -> Result<Counts, Late> {
        match &self.window {
            InUse::Calls(window) => window.record(epoch, sample),
            InUse::Time(window) => window.record(epoch, now(), sample),
        }
    }

    pub(super) fn counts(&self, epoch: u32, now: Instant) -> Counts {
        match &self.window {
            InUse::Calls(window) => window.counts(epoch),
            InUse::Time(window) => window.counts(epoch, now),
        }
    }
}

impl Resize {
    fn to(window: Window) -> Result<Self, InvalidConfig> {
        match window.0 {
            Kind::Calls(calls) => NonZeroU16::new(calls).map(Self::Calls),
            Kind::Time(length) => {
                (length >= Duration::from_millis(10)).then_some(Self::Time(length))
            }
        }
        .ok_or(InvalidConfig::Window)
    }
}
