//! Ours takes a clock, so that its time passes when told to: a tick is a tenth of a second. The
//! limits that it does not have yet are not asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mainstay_core::{Clock, ManualClock};
use mainstay_resilience::Rejected;
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{CircuitBreaker, Event, FailureRate, HalfOpen, State};
use mainstay_resilience::budget::{Budget, Cause};
use mainstay_resilience::classify::{AnyError, Verdict};
use mainstay_resilience::retry::{Retry, RetryService};
use mainstay_resilience::timeout::TimeoutLayer;
use mainstay_resilience::{breaker, budget};
use tower::ServiceExt;
use tower::util::BoxCloneService;
use tower_layer::Layer;

use crate::MAINSTAY;
use crate::traps::Trouble;
use crate::traps::library::{Host, Library, SetDate, Settings, Timed, Tokens, Wait, Window};
use crate::traps::rig::{Boxed, Rig, Time};
use crate::traps::server::{Ask, Failure, Server};

pub(in crate::traps) struct Mainstay;

const TICK: Duration = Duration::from_millis(100);
const VALID: &str = "a valid configuration";

impl Library for Mainstay {
    const NAME: &'static str = MAINSTAY;

    fn breaker(settings: Settings, server: &Server) -> Result<Rig, Trouble> {
        let clock = ManualClock::new();
        Ok(rig(settings, server, clock.clone(), clock))
    }

    fn retry(server: &Server) -> Result<Boxed, Trouble> {
        Ok(BoxCloneService::new(retrying(Duration::from_millis(1), server.clone())))
    }

    fn timeout(server: &Server) -> Result<Timed, Trouble> {
        let service = TimeoutLayer::new(Duration::from_hours(1)).layer(server.clone());
        let service = BoxCloneService::new(service.map_err(failure));
        // Its timer is tokio's.
        Ok(Timed { service, armed: Box::new(|| false) })
    }

    fn budget(most: usize) -> Result<Arc<dyn Tokens>, Trouble> {
        let capacity = u32::try_from(most).unwrap_or(u32::MAX);
        let tokens = budget::Tokens::DEFAULT.capacity(capacity).retry_cost(1).refund(1.0);
        let bucket = Bucket { budget: Budget::new(tokens), now: ManualClock::new().now() };
        // It is full at first.
        while bucket.withdraw() {}
        Ok(Arc::new(bucket))
    }

    /// The breaker's, by its default rules.
    fn growing_pauses() -> Result<Host, Trouble> {
        let clock = ManualClock::new();
        let builder = CircuitBreaker::builder("host").clock(clock.clone());
        let breaker = builder.open_for(pauses(10 * TICK)).build().expect(VALID);
        let (fail, succeed, ask) = (breaker.clone(), breaker.clone(), breaker);
        Ok(Host {
            time: time(clock),
            fail: Box::new(move || end(&fail, Verdict::failure())),
            succeed: Box::new(move || end(&succeed, Verdict::success())),
            is_out: Box::new(move || match ask.try_acquire() {
                Ok(permit) => {
                    permit.give_back();
                    false
                }
                Err(_) => true,
            }),
        })
    }

    fn waits() -> Result<Vec<Wait>, Trouble> {
        let retry = retrying(Duration::from_secs(30), Server::default());
        let waiter = Box::pin(async move {
            let _ = retry.oneshot(Ask::Bad).await;
        });
        Ok(vec![Wait { policy: "the retry's backoff", waiter }])
    }

    fn dated_breaker(settings: Settings, server: &Server) -> Result<(Rig, SetDate), Trouble> {
        let clock = ManualClock::new();
        let dated = Dated { clock: clock.clone(), seconds: Arc::default() };
        let seconds = Arc::clone(&dated.seconds);
        let set_date = move |by| seconds.store(by, Ordering::SeqCst);
        Ok((rig(settings, server, clock, dated), Box::new(set_date)))
    }
}

/// A breaker whose time is the manual clock's, and which reads the other, which shows the same.
fn rig(
    settings: Settings,
    server: &Server,
    passes: ManualClock,
    clock: impl Clock + 'static,
) -> Rig {
    let (window, age) = match settings.window {
        Window::Calls(calls) => {
            (breaker::Window::calls(u16::try_from(calls).unwrap_or(u16::MAX)), 0)
        }
        Window::Ticks(ticks) => (breaker::Window::last(TICK * ticks), ticks),
    };
    let probes = u16::try_from(settings.probes).unwrap_or(u16::MAX);
    let builder = CircuitBreaker::builder("breaker")
        .clock(clock)
        .window(window)
        .trip(FailureRate::at_least(0.5).min_calls(settings.least))
        .half_open(HalfOpen::consecutive(settings.probes).at_once(probes))
        // The longest first pause is the one that is asked for.
        .open_for(pauses(TICK * settings.pause * 5 / 6));
    let builder = match settings.on_open {
        Some(on_open) => builder.observer(move |event: &Event| {
            if matches!(event, Event::Changed { to, .. } if to.state == State::Open) {
                on_open();
            }
        }),
        None => builder,
    };
    let layer = builder.build().expect(VALID).layer();
    let service = BoxCloneService::new(layer.layer(server.clone()).map_err(failure));
    Rig { service, time: time(passes), age, probes: settings.probes }
}

/// As by default, but for the first one: doubled, give or take a fifth.
fn pauses(first: Duration) -> Backoff {
    Backoff::exponential().base(first).cap(12 * first).jitter(Jitter::PlusMinus(20))
}

fn time(clock: ManualClock) -> Time {
    Time { tick: TICK, real: false, pass: Box::new(move |duration| clock.advance(duration)) }
}

fn end(breaker: &CircuitBreaker, verdict: Verdict) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.finish(verdict);
    }
}

/// Three attempts, so far apart.
fn retrying(delay: Duration, server: Server) -> RetryService<Server, AnyError> {
    Retry::new(Backoff::constant(delay)).attempts(3).layer().layer(server)
}

fn failure<R>(error: Rejected<R, Failure>) -> Failure {
    error.into_inner().unwrap_or(Failure::Rejected)
}

/// A bucket, which knows no time.
struct Bucket {
    budget: Budget,
    now: Instant,
}

impl Tokens for Bucket {
    fn deposit(&self) {
        self.budget.call_succeeded();
    }

    fn withdraw(&self) -> bool {
        self.budget.try_withdraw(self.now, Cause::Failure).is_ok()
    }
}

/// A clock whose date is another by so many seconds.
struct Dated {
    clock: ManualClock,
    seconds: Arc<AtomicI64>,
}

impl Clock for Dated {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn system_time(&self) -> SystemTime {
        let seconds = self.seconds.load(Ordering::SeqCst);
        let (date, by) = (self.clock.system_time(), Duration::from_secs(seconds.unsigned_abs()));
        if seconds < 0 { date - by } else { date + by }
    }
}
