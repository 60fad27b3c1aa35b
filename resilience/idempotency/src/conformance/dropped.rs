use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::Harness;
use super::claimant::{Claimant, LONG, PAST, key};
use crate::{Completion, Renewal};

/// How often a call is polled at most before it is dropped.
const POLLS: usize = 4;

/// A call that is dropped on its way, whether it has reached the store or not, leaves nothing
/// half-done: made again, it is answered as if it had been made once.
pub async fn calls_that_are_dropped_are_made_again<H: Harness>(harness: &H) {
    let one = Claimant::new(harness, key()).await;
    let mut dead = Vec::new();
    for polls in 1..=POLLS {
        let mut owner = one.again().briefly();
        owner.claim.key = key();
        dropped(polls, owner.claim()).await;
        let held = owner.first().await;
        dead.push((polls, owner, held));
    }
    harness.wait(PAST).await;

    for (polls, owner, lost) in dead {
        let next = owner.again();
        dropped(polls, next.claim()).await;
        let held = next.takes_over(&lost).await;
        owner.is_refused(&lost, None).await;

        dropped(polls, next.release(&held)).await;
        next.release(&held).await;
        let last = owner.again();
        let held = last.begins_anew(&held).await;
        dropped(polls, last.renew(&held, LONG)).await;
        assert_eq!(last.renew(&held, LONG).await, Renewal::Renewed);

        owner.again().finds_it_running().await;
        dropped(polls, last.complete(&held, b"done")).await;
        assert_eq!(last.complete(&held, b"done").await, Completion::Stored);
        owner.again().is_replayed(b"done").await;
    }
}

/// Polls this at most so often, each time that it asks for it, and drops it.
async fn dropped(polls: usize, call: impl Future) {
    let mut call = pin!(call);
    let mut left = polls;
    poll_fn(|cx| {
        left -= 1;
        let is_over = call.as_mut().poll(cx).is_ready() || left == 0;
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
