//! All interleavings of two threads, checked by `loom`:
//! `RUSTFLAGS="--cfg mainstay_loom" cargo test -p mainstay-resilience --release --lib loom`

use std::time::Duration;

use loom::thread;
use mainstay_core::ManualClock;

use super::control::For;
use super::core::Core;
use super::ticket::Ticket;
use super::{CircuitBreaker, Config, Consecutive, HalfOpen, Mode, State, Window};
use crate::backoff::{Backoff, Jitter, RandomSource};
use crate::classify::Verdict;
use crate::permit::Ending;
use crate::sync::Arc;
use crate::window::Counts;

const FAILURE: Ending = Ending::Finished(Verdict::failure());
const SUCCESS: Ending = Ending::Finished(Verdict::success());
const OPEN_FOR: Duration = Duration::from_secs(1);

/// Each run has to be like the last.
struct NoChance;

impl RandomSource for NoChance {
    fn next_u64(&self) -> u64 {
        0
    }
}

/// Opens after two failures in a row, for a second; one probe closes it, and there is one at once.
fn config() -> Config {
    Config::default()
        .window(Window::calls(2))
        .trip(Consecutive::failures(2))
        .open_for(Backoff::constant(OPEN_FOR).jitter(Jitter::None))
        .half_open(HalfOpen::consecutive(1).at_once(1))
}

fn core(config: Config, clock: &ManualClock) -> Arc<Core> {
    let builder = CircuitBreaker::builder("loom").config(config).clock(clock.clone());
    Arc::new(Core::new(builder.random(NoChance)).unwrap())
}

fn closed() -> Arc<Core> {
    core(config(), &ManualClock::new())
}

/// Runs both at once; what they return, this thread's last.
fn both<A: 'static, B>(
    core: &Arc<Core>,
    other: impl FnOnce(&Core) -> A + 'static,
    this: impl FnOnce(&Core) -> B,
) -> (A, B) {
    let theirs = Arc::clone(core);
    let thread = thread::spawn(move || other(&theirs));
    let this = this(core);
    (thread.join().unwrap(), this)
}

fn admitted(core: &Core) -> Ticket {
    core.admit().unwrap()
}

/// Makes a call that fails.
fn fail(core: &Core) {
    core.settle(admitted(core), FAILURE);
}

fn state(core: &Core) -> (State, u32) {
    (core.status().state, core.status().epoch)
}

#[test]
fn two_failures_at_once_open_it_once() {
    loom::model(|| {
        let core = closed();
        let (ours, theirs) = (admitted(&core), admitted(&core));
        both(&core, move |core| core.settle(theirs, FAILURE), |core| core.settle(ours, FAILURE));
        assert_eq!(state(&core), (State::Open, 1));
    });
}

/// Both see that it has to open: only one does it.
#[test]
fn a_third_failure_does_not_open_it_again() {
    loom::model(|| {
        let core = closed();
        fail(&core);
        let (ours, theirs) = (admitted(&core), admitted(&core));
        both(&core, move |core| core.settle(theirs, FAILURE), |core| core.settle(ours, FAILURE));
        assert_eq!(state(&core), (State::Open, 1));
    });
}

/// A call of the old epoch ends while another opens the breaker, or after that.
#[test]
fn a_late_result_changes_nothing() {
    for late in [FAILURE, SUCCESS] {
        loom::model(move || {
            let clock = ManualClock::new();
            let core = core(config(), &clock);
            let old = admitted(&core);
            fail(&core);
            fail(&core);
            clock.advance(OPEN_FOR);
            let probe = admitted(&core);
            assert_eq!(state(&core), (State::HalfOpen, 2));
            both(&core, move |core| core.settle(old, late), |core| core.settle(probe, SUCCESS));
            assert_eq!(state(&core), (State::Closed, 3));
            let snapshot = core.snapshot();
            assert_eq!((snapshot.counts, snapshot.consecutive_failures), (Counts::default(), 0));
        });
    }
}

#[test]
fn of_two_that_come_when_the_time_is_over_one_is_a_probe() {
    loom::model(|| {
        let clock = ManualClock::new();
        let core = core(config(), &clock);
        fail(&core);
        fail(&core);
        clock.advance(OPEN_FOR);
        let ask = |core: &Core| core.admit().ok();
        let (theirs, ours) = both(&core, ask, ask);
        assert_eq!(state(&core), (State::HalfOpen, 2));
        let mut probes = theirs.into_iter().chain(ours);
        core.settle(probes.next().unwrap(), SUCCESS);
        assert!(probes.next().is_none());
        assert_eq!(state(&core), (State::Closed, 3));
    });
}

/// Two probes that end at once close or open it once.
#[test]
fn two_probes_at_once_are_judged_once() {
    for ending in [SUCCESS, FAILURE] {
        loom::model(move || {
            let clock = ManualClock::new();
            let config = config().half_open(HalfOpen::consecutive(1).at_once(2));
            let core = core(config, &clock);
            fail(&core);
            fail(&core);
            clock.advance(OPEN_FOR);
            let (ours, theirs) = (admitted(&core), admitted(&core));
            both(&core, move |core| core.settle(theirs, ending), |core| core.settle(ours, ending));
            let expected = if ending == SUCCESS { State::Closed } else { State::Open };
            assert_eq!(state(&core), (expected, 3));
        });
    }
}

/// Looking on instead of acting keeps state and counts: the failure that has to open it does.
#[test]
fn a_change_to_shadow_loses_no_failure() {
    loom::model(|| {
        let core = closed();
        fail(&core);
        let ticket = admitted(&core);
        let shadow = |core: &Core| core.set_mode(Mode::Shadow);
        both(&core, shadow, |core| core.settle(ticket, FAILURE));
        assert_eq!(core.status().mode, Mode::Shadow);
        assert_eq!(state(&core), (State::Open, 1));
    });
}

/// Other modes begin anew: nothing from before is counted in them, or opens them.
#[test]
fn a_change_of_mode_begins_anew() {
    for mode in [Mode::ForcedOpen, Mode::ForcedClosed, Mode::Disabled] {
        loom::model(move || {
            let core = closed();
            fail(&core);
            let ticket = admitted(&core);
            let change = move |core: &Core| core.set_mode(mode);
            both(&core, change, |core| core.settle(ticket, FAILURE));
            assert_eq!((core.status().mode, core.status().state), (mode, State::Closed));
            assert_eq!(core.snapshot().counts, Counts::default());
        });
    }
}

/// What ends while the window is made anew may be lost, but what ended before is not.
#[test]
fn a_resize_loses_at_most_what_ends_meanwhile() {
    loom::model(|| {
        let core = core(config().without_rules(), &ManualClock::new());
        fail(&core);
        let ticket = admitted(&core);
        let resize = |core: &Core| {
            let config = config().without_rules().window(Window::calls(4));
            core.reconfigure(config, For::One).unwrap();
        };
        both(&core, resize, |core| core.settle(ticket, FAILURE));
        let counts = core.snapshot().counts;
        assert!((1..=2).contains(&counts.failed), "{counts:?}");
        assert!((counts.failed..=3).contains(&counts.calls), "{counts:?}");
        assert_eq!(state(&core), (State::Closed, 1));
    });
}

/// The next failure opens it at the latest.
#[test]
fn a_resize_delays_opening_by_one_call_at_most() {
    loom::model(|| {
        let core = closed();
        fail(&core);
        let ticket = admitted(&core);
        let resize = |core: &Core| {
            core.reconfigure(config().window(Window::calls(4)), For::One).unwrap();
        };
        both(&core, resize, |core| core.settle(ticket, FAILURE));
        if core.status().state == State::Closed {
            fail(&core);
        }
        assert_eq!(core.status().state, State::Open);
    });
}

/// Whichever is first: what somebody has asked for holds.
#[test]
fn an_order_to_open_is_not_lost() {
    for ending in [SUCCESS, FAILURE] {
        loom::model(move || {
            let clock = ManualClock::new();
            let core = core(config(), &clock);
            fail(&core);
            fail(&core);
            clock.advance(OPEN_FOR);
            let probe = admitted(&core);
            let order = |core: &Core| core.open_for(5 * OPEN_FOR);
            let (asked, ()) = both(&core, order, |core| core.settle(probe, ending));
            assert!(asked);
            assert_eq!(core.status().state, State::Open);
            assert_eq!(core.snapshot().wait, Some(5 * OPEN_FOR));
        });
    }
}

/// Of two that see that it has to open, one asks in vain.
#[test]
fn a_function_that_says_for_how_long_opens_once() {
    loom::model(|| {
        let core = core(config().open_by(|_| 3 * OPEN_FOR), &ManualClock::new());
        fail(&core);
        let (ours, theirs) = (admitted(&core), admitted(&core));
        both(&core, move |core| core.settle(theirs, FAILURE), |core| core.settle(ours, FAILURE));
        assert_eq!(state(&core), (State::Open, 1));
        assert_eq!(core.snapshot().wait, Some(3 * OPEN_FOR));
    });
}
