//! A call that is answered on its first poll, through a timeout layer.
//!
//! Equal work: as [`crate::call`] has it, inside of a runtime, whose timer the peers register
//! with. Nothing strikes.

use std::time::Duration;

use mainstay_resilience::timeout::TimeoutLayer;
use tower_layer::Layer;
use tower_resilience_timelimiter::TimeLimiterLayer;
use tower_service::Service;

use crate::call::{self, Backend, repeat};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

const LIMIT: Duration = Duration::from_secs(10);

pub(super) const CASE: Case = Case {
    name: "ready",
    what: "a timeout layer around a service that is ready at once: clone of the service, \
           readiness, call; the floor is the bare service",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::OfBestPeer(0.4)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(Backend) },
        Contender { who: MAINSTAY, prepare: || repeat(TimeoutLayer::new(LIMIT).layer(Backend)) },
        Contender {
            who: "tower",
            prepare: || repeat(tower::timeout::TimeoutLayer::new(LIMIT).layer(Backend)),
        },
        Contender { who: "tower-resilience-timelimiter", prepare: || repeat(limited()) },
    ],
};

fn limited() -> impl Service<u64, Response = u64> + Clone + 'static {
    TimeLimiterLayer::builder().timeout_duration(LIMIT).build().layer(Backend)
}

fn check_same_work() {
    call::check(&Backend);
    call::check(&TimeoutLayer::new(LIMIT).layer(Backend));
    call::check(&tower::timeout::TimeoutLayer::new(LIMIT).layer(Backend));
    call::check(&limited());
}
