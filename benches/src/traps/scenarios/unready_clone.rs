use std::time::Duration;

use tower::ServiceExt;

use super::{ensure, failure, none_of};
use crate::traps::library::Library;
use crate::traps::rig::{Boxed, runtime};
use crate::traps::server::{Ask, Server};
use crate::traps::{Trouble, Verdict};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let verdicts =
        [policy("retry", L::retry, Ask::Bad, 3), policy("hedge", L::hedge, Ask::Hang, 2)];
    let seen: Vec<String> = verdicts.iter().filter_map(failure).collect();
    none_of(&seen)?;
    // Either is enough to be asked.
    let [retry, hedge] = verdicts;
    retry.or(hedge)
}

/// Makes one call, and counts the attempts for which nobody had asked whether the server was
/// ready.
fn policy(
    name: &str,
    layer: fn(&Server) -> Result<Boxed, Trouble>,
    ask: Ask,
    attempts: usize,
) -> Verdict {
    let server = Server::default();
    let entered = runtime().enter();
    let service = layer(&server)?;
    drop(entered);
    let _ = runtime().block_on(async {
        tokio::time::timeout(Duration::from_millis(100), service.oneshot(ask)).await
    });
    let (calls, unready) = (server.calls(), server.unready_calls());
    ensure(calls == attempts, || format!("{name} makes {calls} attempts, not {attempts}"))?;
    ensure(unready == 0, || format!("{name} calls it unready, {unready} of {calls} times"))
}
