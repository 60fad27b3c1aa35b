//! The next delay of a series that has no end: exponential, from 100 ms on, doubled up to 20 s,
//! with jitter.
//!
//! Equal work: all draw one random number a delay, from the generator that is theirs by default,
//! and return a `Duration`. Each does with it what its jitter is: mainstay draws from zero to the
//! delay, backon from one to two times the delay, and tokio-retry2 from half to one and a half.
//! The floor draws from zero to the longest delay, and has no state but the generator's.

mod backon;
mod floor;
mod mainstay;
mod tokio_retry2;

use std::time::Duration;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};

pub(super) const CASE: Case = Case {
    name: "next",
    what: "the next delay of an exponential backoff with jitter",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfBestPeer(1.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || each(floor::delays()) },
        Contender { who: MAINSTAY, prepare: || each(mainstay::delays()) },
        Contender { who: "backon", prepare: || each(backon::delays()) },
        Contender { who: "tokio-retry2", prepare: || each(tokio_retry2::delays()) },
    ],
};

const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(20);

fn each(mut delays: impl Iterator<Item = Duration> + 'static) -> Operation {
    operation(move || delays.next())
}

/// How many delays are looked at: enough for a mean that is true to a few percent.
const DELAYS: u32 = 20_000;

fn check_same_work() {
    check_mean(floor::delays(), 0.5);
    check_mean(mainstay::delays(), 0.5);
    check_mean(tokio_retry2::delays(), 1.0);
    check_mean(backon::delays(), 1.5);
    check_start(mainstay::delays(), 1.0);
    check_start(tokio_retry2::delays(), 1.5);
    check_start(backon::delays(), 2.0);
}

/// Where delays have grown to the cap, they are so many times the cap, in the mean.
fn check_mean(delays: impl Iterator<Item = Duration>, times: f64) {
    let sum: Duration = delays.skip(20).take(DELAYS as usize).sum();
    let mean = sum.as_secs_f64() / f64::from(DELAYS) / CAP.as_secs_f64();
    assert!((mean - times).abs() < 0.05, "{mean}");
}

/// The first delays are at most so many times 100 ms, 200 ms, 400 ms and so on.
fn check_start(delays: impl Iterator<Item = Duration>, times: f64) {
    let most = std::iter::successors(Some(BASE), |most| Some(*most * 2));
    for (delay, most) in delays.zip(most).take(7) {
        assert!(delay.as_secs_f64() <= times * most.as_secs_f64() + 1e-3, "{delay:?} {most:?}");
    }
}
