//! It takes a clock, so that its time passes when told to: a tick is a tenth of a second, because
//! its windows are at least a second long.

use std::time::Duration;

use seatbelt::breaker::{AbandonedPolicy, Breaker, HalfOpenMode};
use seatbelt::hedging::Hedging;
use seatbelt::retry::{Backoff, Retry};
use seatbelt::timeout::Timeout;
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::{Clock, ClockControl};
use tower::ServiceExt;
use tower::util::BoxCloneService;
use tower_layer::Layer;

use crate::traps::Trouble;
use crate::traps::library::{Library, SetDate, Settings, Timed, Wait, Window};
use crate::traps::rig::{Boxed, Rig, Time};
use crate::traps::server::{Ask, Failure, Server};

pub(in crate::traps) struct Seatbelt;

type Output = Result<(), Failure>;
type Context = ResilienceContext<Ask, Output>;

const TICK: Duration = Duration::from_millis(100);

impl Library for Seatbelt {
    const NAME: &'static str = "seatbelt";

    fn breaker(settings: Settings, server: &Server) -> Result<Rig, Trouble> {
        let control = ClockControl::new();
        let window = match settings.window {
            Window::Calls(_) => 100,
            Window::Ticks(ticks) => ticks,
        };
        // It closes after one probe, or by its default after one and six stages, each as long as
        // the pause. Where few calls come, a stage turns one away and takes the next.
        let (mode, probes) = match settings.probes {
            ..3 => (HalfOpenMode::quick(), 1),
            _ => (HalfOpenMode::progressive(None), 13),
        };
        let abandoned = if settings.drops_fail {
            AbandonedPolicy::as_failures()
        } else {
            AbandonedPolicy::default()
        };
        let layer = Breaker::layer("breaker", &Context::new(control.to_clock()))
            .recovery_with(|output, _| recovery(output))
            .rejected_input_error(|_, _| Failure::Rejected)
            .failure_threshold(0.5)
            .min_throughput(settings.least)
            .sampling_duration(TICK * window)
            .break_duration(TICK * settings.pause)
            .half_open_mode(mode)
            .abandoned_policy(abandoned);
        let layer = match settings.on_open {
            Some(on_open) => layer.on_opened(move |_, _| on_open()),
            None => layer,
        };
        let service = BoxCloneService::new(layer.layer(server.clone()));
        Ok(Rig { service, time: time(control), age: window, probes })
    }

    fn retry(server: &Server) -> Result<Boxed, Trouble> {
        Ok(BoxCloneService::new(retrying(Duration::from_millis(1), server.clone())))
    }

    fn hedge(server: &Server) -> Result<Boxed, Trouble> {
        let layer = Hedging::layer("hedge", &Context::new(Clock::new_tokio()))
            .clone_input()
            .recovery_with(|output, _| recovery(output))
            .max_hedged_attempts(1)
            .hedging_delay(Duration::from_millis(1));
        Ok(BoxCloneService::new(layer.layer(server.clone())))
    }

    fn timeout(server: &Server) -> Result<Timed, Trouble> {
        // A timer moves this clock to its end at once, which shows that there was one.
        let clock = ClockControl::new().auto_advance_timers(true).to_clock();
        let layer = Timeout::layer("timeout", &Context::new(&clock))
            .timeout(Duration::from_hours(1))
            .timeout_error(|_| Failure::Rejected);
        let service = BoxCloneService::new(layer.layer(server.clone()));
        let before = clock.instant();
        Ok(Timed { service, armed: Box::new(move || clock.instant() != before) })
    }

    fn waits() -> Result<Vec<Wait>, Trouble> {
        let retry = retrying(Duration::from_secs(30), Server::default());
        let waiter = Box::pin(async move {
            let _ = retry.oneshot(Ask::Bad).await;
        });
        Ok(vec![Wait { policy: "the retry's backoff", waiter }])
    }

    fn dated_breaker(_: Settings, _: &Server) -> Result<(Rig, SetDate), Trouble> {
        Err(Trouble::NotApplicable("its clock cannot set the date without letting time pass"))
    }
}

fn time(control: ClockControl) -> Time {
    Time { tick: TICK, real: false, pass: Box::new(move |duration| control.advance(duration)) }
}

/// Three attempts, so far apart, by a clock that runs.
fn retrying(delay: Duration, server: Server) -> Retry<Ask, Output, Server> {
    Retry::layer("retry", &Context::new(Clock::new_tokio()))
        .clone_input()
        .recovery_with(|output, _| recovery(output))
        .max_retry_attempts(2)
        .backoff(Backoff::Constant)
        .use_jitter(false)
        .base_delay(delay)
        .layer(server)
}

fn recovery(output: &Output) -> RecoveryInfo {
    match output {
        Ok(()) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}
