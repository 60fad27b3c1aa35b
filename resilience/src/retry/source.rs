use std::future::Future;
use std::task::{Context, Poll};

use super::rules::Rules;
use super::ticket::Refund;
use super::{Attempt, GaveUp};
use crate::classify::Verdict;

/// Where the attempts of a call come from: a closure, or a service.
pub(super) trait Source {
    type Attempt: Future;
    /// What the call comes to.
    type Output;

    fn rules(&self) -> &Rules;

    /// What an attempt came to, and what that says.
    fn judge(
        &mut self,
        output: <Self::Attempt as Future>::Output,
        may_retry: bool,
        cx: &mut Context<'_>,
    ) -> (Self::Output, Verdict);

    /// Where an answer that was judged before its end keeps what the budget is owed if it ends well.
    fn owes(_: &mut Self::Output) -> Option<&mut Option<Refund>> {
        None
    }

    /// Takes back what the attempt before was given, such as a body that it may still be reading.
    /// An error says why there can be no other attempt.
    fn rewind(&mut self) -> Result<(), GaveUp> {
        Ok(())
    }

    /// Ready to begin another attempt. An error says that it never will be.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Output>> {
        Poll::Ready(Ok(()))
    }

    /// Begins another attempt, if [`Source::rewind`] has said that there can be one. After the
    /// last one nothing needs to be kept.
    fn begin(&mut self, attempt: Attempt, last: bool) -> Option<Self::Attempt>;

    /// Whether what the service has answered may be what it waits for the end of.
    fn is_in_the_way(_: &Self::Output) -> bool {
        false
    }
}
