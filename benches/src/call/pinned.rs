//! Threads that stay on their processor.

#[cfg(target_os = "linux")]
mod system {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// Keeps this thread on one processor for as long as it lives; it is the nth of those that
    /// the thread may use.
    pub(crate) struct Pinned {
        before: Option<CpuSet>,
    }

    impl Pinned {
        pub(crate) fn to(nth: usize) -> Self {
            let Ok(before) = sched_getaffinity(None) else {
                return Self { before: None };
            };
            let mut one = CpuSet::new();
            let mut usable = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu));
            if let Some(cpu) = usable.nth(nth) {
                one.set(cpu);
            }
            // With no such processor the set is empty, and the system refuses it.
            Self { before: sched_setaffinity(None, &one).ok().map(|()| before) }
        }
    }

    impl Drop for Pinned {
        fn drop(&mut self) {
            if let Some(before) = &self.before {
                // It was so before, so that it cannot be refused but where processors went away.
                let _ = sched_setaffinity(None, before);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// Only Linux has a call for this that needs no unsafe code of ours.
    pub(crate) struct Pinned;

    impl Pinned {
        pub(crate) fn to(_: usize) -> Self {
            Self
        }
    }
}

pub(crate) use system::Pinned;
