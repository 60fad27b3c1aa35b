use std::time::Duration;

use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{
    CircuitBreaker, Config, Consecutive, Event, FailureRate, InvalidConfig, Status, Window,
};
use mainstay_resilience::permit::{DropCause, DropWeights};

/// The name that the operator knows it by.
const NAME: &str = "payments";

/// For how long it opens: a gateway that is restarted is back in a second, one that is down is
/// asked twice a minute.
const OPEN_FOR: Backoff = Backoff::exponential()
    .base(Duration::from_secs(1))
    .cap(Duration::from_secs(30))
    .jitter(Jitter::PlusMinus(20));

/// A caller's deadline that passes says as much about the caller as about the gateway: four such
/// calls are one failure. Otherwise five impatient callers would close the shop for everybody, and
/// if it were none nobody would notice a gateway that hangs while all callers are impatient.
const WEIGHTS: DropWeights = DropWeights::DEFAULT.with(DropCause::Deadline, 0.25);

/// The breaker of the payment gateway.
pub(super) fn new() -> Result<CircuitBreaker, InvalidConfig> {
    let config = Config::default()
        .window(Window::last(Duration::from_secs(10)))
        .trip(FailureRate::at_least(0.5).min_calls(20))
        .trip(Consecutive::failures(5))
        .open_for(OPEN_FOR)
        .drop_weights(WEIGHTS);
    CircuitBreaker::builder(NAME).config(config).observer(log).build()
}

/// Changes alone: what is rejected is in the log of its request, and there is much of it.
fn log(event: &Event) {
    let Event::Changed { name, from, to, cause, wait, .. } = event else { return };
    let says = |status: &Status| format!("{} ({})", status.state, status.mode);
    tracing::warn!(
        breaker = %name,
        from = says(from),
        to = says(to),
        %cause,
        wait_ms = wait.map(|it| it.as_millis()),
        "circuit breaker changed"
    );
}
