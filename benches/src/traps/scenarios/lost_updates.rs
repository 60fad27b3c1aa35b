use std::thread;

use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Tokens};

/// How often each of two threads pays in.
const DEPOSITS: usize = 100_000;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let roomy = L::budget(4 * DEPOSITS)?;
    let paid_out = through(&*roomy);
    ensure(paid_out == 2 * DEPOSITS, || {
        format!("pays out {paid_out} of {} tokens paid in", 2 * DEPOSITS)
    })?;
    let full = L::budget(DEPOSITS / 2)?;
    let paid_out = through(&*full);
    ensure(paid_out == DEPOSITS / 2, || {
        format!("pays out {paid_out} where it holds {}", DEPOSITS / 2)
    })
}

/// Two threads pay in at once, then both take out until there is nothing left.
fn through(budget: &dyn Tokens) -> usize {
    both(&|| {
        (0..DEPOSITS).for_each(|_| budget.deposit());
        0
    });
    both(&|| std::iter::repeat_with(|| budget.withdraw()).take_while(|paid| *paid).count())
}

fn both(work: &(dyn Fn() -> usize + Sync)) -> usize {
    thread::scope(|scope| {
        let other = scope.spawn(work);
        work() + other.join().unwrap_or_default()
    })
}
