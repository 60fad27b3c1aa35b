//! A policy is one per called service and lives as long as the program, hence the static. By
//! default, with `Retry::layer`, services and calls share it through an `Arc` instead: that is
//! `mainstay-shared`.

use std::sync::LazyLock;

use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::budget::Budget;
use mainstay_resilience::classify::AnyError;
use mainstay_resilience::retry::{NoDeadline, Retry, RetryLayer, RetryService};
use tower_layer::Layer;

use super::{BASE, CAP, RETRIES};

static POLICY: LazyLock<Retry> = LazyLock::new(policy);

pub(crate) type OfStatic<S> = RetryService<S, AnyError, NoDeadline, &'static Retry>;

pub(crate) fn around<S>(inner: S) -> OfStatic<S> {
    RetryLayer::of(&*POLICY).layer(inner)
}

pub(super) fn shared<S>(inner: S) -> RetryService<S> {
    policy().layer().layer(inner)
}

fn policy() -> Retry {
    Retry::new(Backoff::exponential().base(BASE).cap(CAP))
        .attempts(1 + u32::from(RETRIES))
        .budget(Budget::ratio(0.2))
}
