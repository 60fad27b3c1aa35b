use std::time::Duration;

use super::none_of;
use crate::traps::Verdict;
use crate::traps::library::{Library, Wait};
use crate::traps::rig::runtime;

/// How long it is watched.
const WATCHED: Duration = Duration::from_millis(50);
/// How often it may be polled meanwhile.
const POLLS: u32 = 20;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let entered = runtime().enter();
    let waits = L::waits()?;
    drop(entered);
    let seen: Vec<String> = waits.into_iter().filter_map(watch).collect();
    none_of(&seen)
}

fn watch(wait: Wait) -> Option<String> {
    let Wait { policy, mut waiter } = wait;
    let mut polls = 0;
    let counted = std::future::poll_fn(|cx| {
        polls += 1;
        waiter.as_mut().poll(cx)
    });
    let ended = runtime().block_on(async { tokio::time::timeout(WATCHED, counted).await.is_ok() });
    if ended {
        return Some(format!("{policy} does not wait"));
    }
    (polls > POLLS).then(|| format!("{policy} is polled {} times a millisecond", polls / 50))
}
