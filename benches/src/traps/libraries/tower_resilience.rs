//! It reads std's clock, so that its time is real: a tick is a millisecond.

use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tower::ServiceExt;
use tower::util::BoxCloneService;
use tower_layer::Layer;
use tower_resilience_bulkhead::{BulkheadLayer, BulkheadServiceError};
use tower_resilience_circuitbreaker::{
    CircuitBreakerError, CircuitBreakerLayer, CircuitState, SlidingWindowType,
};
use tower_resilience_hedge::{HedgeError, HedgeLayer};
use tower_resilience_outlier::{OutlierDetectionLayer, OutlierDetector};
use tower_resilience_retry::{RetryBudget, RetryBudgetBuilder, RetryLayer};
use tower_resilience_timelimiter::{TimeLimiterError, TimeLimiterLayer};
use tower_service::Service;

use crate::traps::Trouble;
use crate::traps::library::{Host, HttpServer, Library, Settings, Timed, Tokens, Wait, Window};
use crate::traps::rig::{Boxed, Rig, Time};
use crate::traps::server::{Ask, Failure, Server};

pub(in crate::traps) struct TowerResilience;

const TICK: Duration = Duration::from_millis(1);
const VALID: &str = "a valid configuration";

impl Library for TowerResilience {
    const NAME: &'static str = "tower-resilience";

    fn breaker(settings: Settings, server: &Server) -> Result<Rig, Trouble> {
        let builder = CircuitBreakerLayer::builder()
            .failure_rate_threshold(0.5)
            .minimum_number_of_calls(settings.least as usize)
            .wait_duration_in_open(TICK * settings.pause)
            .permitted_calls_in_half_open(settings.probes as usize);
        let (builder, age) = match settings.window {
            Window::Calls(calls) => (builder.sliding_window_size(calls as usize), 0),
            Window::Ticks(ticks) => {
                let builder = builder.sliding_window_type(SlidingWindowType::TimeBased);
                (builder.sliding_window_duration(TICK * ticks), ticks)
            }
        };
        let builder = match settings.on_open {
            Some(on_open) => builder.on_state_transition(move |_, to| {
                if to == CircuitState::Open {
                    on_open();
                }
            }),
            None => builder,
        };
        let layer = builder.build().expect(VALID);
        let service = layer.layer(server.clone()).map_err(|error| match error {
            CircuitBreakerError::Inner(failure) => failure,
            CircuitBreakerError::OpenCircuit => Failure::Rejected,
        });
        let service = BoxCloneService::new(service);
        Ok(Rig { service, time: time(), age, probes: settings.probes })
    }

    fn retry(server: &Server) -> Result<Boxed, Trouble> {
        let layer = RetryLayer::builder().max_attempts(3).fixed_backoff(TICK).build();
        Ok(BoxCloneService::new(layer.layer(server.clone())))
    }

    fn hedge(server: &Server) -> Result<Boxed, Trouble> {
        let layer = HedgeLayer::builder().max_hedged_attempts(2).delay(TICK).build();
        let service = layer.layer(server.clone()).map_err(|error| match error {
            HedgeError::Inner(failure) | HedgeError::AllAttemptsFailed(failure) => failure,
        });
        Ok(BoxCloneService::new(service))
    }

    fn shedding_limit(most: usize, server: &Server) -> Result<Boxed, Trouble> {
        let builder = BulkheadLayer::builder().max_concurrent_calls(most).reject_when_full();
        Ok(limited(&builder.build().expect(VALID), server))
    }

    fn waiting_limit(most: usize, server: &Server) -> Result<Boxed, Trouble> {
        let builder = BulkheadLayer::builder().max_concurrent_calls(most).backpressure();
        Ok(limited(&builder.build().expect(VALID), server))
    }

    fn body_limit(server: HttpServer) -> Result<HttpServer, Trouble> {
        let builder = BulkheadLayer::builder().max_concurrent_calls(1).reject_when_full();
        let service = builder.build().expect(VALID).layer(server).map_err(of_bulkhead);
        Ok(BoxCloneService::new(service))
    }

    fn timeout(server: &Server) -> Result<Timed, Trouble> {
        let layer = TimeLimiterLayer::builder().timeout_duration(Duration::from_hours(1)).build();
        let service = layer.layer(server.clone()).map_err(|error| match error {
            TimeLimiterError::Inner(failure) => failure,
            TimeLimiterError::Timeout => Failure::Rejected,
        });
        // Its timer is tokio's.
        Ok(Timed { service: BoxCloneService::new(service), armed: Box::new(|| false) })
    }

    fn budget(most: usize) -> Result<Arc<dyn Tokens>, Trouble> {
        let bucket = RetryBudgetBuilder::new().token_bucket();
        let bucket = bucket.tokens_per_second(0.0).max_tokens(most).initial_tokens(0);
        Ok(Arc::new(Budget(bucket.build().expect(VALID))))
    }

    /// The ejections of its outlier detection.
    fn growing_pauses() -> Result<Host, Trouble> {
        let detector = detector(10 * TICK);
        let (fail, succeed, ask) = (detector.clone(), detector.clone(), detector);
        Ok(Host {
            time: time(),
            fail: Box::new(move || {
                fail.record_failure(HOST);
            }),
            succeed: Box::new(move || succeed.record_success(HOST)),
            is_out: Box::new(move || ask.is_ejected(HOST)),
        })
    }

    fn waits() -> Result<Vec<Wait>, Trouble> {
        Ok(vec![
            Wait { policy: "the breaker's backpressure", waiter: Box::pin(open_breaker()) },
            Wait { policy: "the outlier detection's", waiter: Box::pin(ejected_host()) },
        ])
    }
}

fn time() -> Time {
    #[expect(clippy::disallowed_methods, reason = "the library reads std's clock")]
    Time { tick: TICK, real: true, pass: Box::new(thread::sleep) }
}

fn limited(layer: &BulkheadLayer, server: &Server) -> Boxed {
    BoxCloneService::new(layer.layer(server.clone()).map_err(of_bulkhead))
}

fn of_bulkhead(error: BulkheadServiceError<Failure>) -> Failure {
    match error {
        BulkheadServiceError::Inner(failure) => failure,
        BulkheadServiceError::Bulkhead(_) => Failure::Rejected,
    }
}

struct Budget(Arc<dyn RetryBudget>);

impl Tokens for Budget {
    fn deposit(&self) {
        self.0.deposit();
    }

    fn withdraw(&self) -> bool {
        self.0.try_withdraw()
    }
}

const HOST: &str = "host";

/// It ejects the host after three errors in a row, though there is no other.
fn detector(base: Duration) -> OutlierDetector {
    let detector = OutlierDetector::new().max_ejection_percent(100).base_ejection_duration(base);
    detector.register(HOST, 3);
    detector
}

async fn open_breaker() {
    let builder = CircuitBreakerLayer::builder().consecutive_failures(3).backpressure();
    let mut service = builder.build().expect(VALID).layer(Server::default());
    for _ in 0..3 {
        let _ = service.ready().await.expect("closed").call(Ask::Bad).await;
    }
    let _ = service.ready().await;
}

async fn ejected_host() {
    let detector = detector(Duration::from_secs(30));
    let builder = OutlierDetectionLayer::builder().detector(detector.clone());
    let layer = builder.instance_name(HOST).backpressure().build().expect(VALID);
    let mut service = layer.layer(Server::default());
    for _ in 0..3 {
        detector.record_failure(HOST);
    }
    std::future::poll_fn(|cx| match service.poll_ready(cx) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(_) => Poll::Ready(()),
    })
    .await;
}
