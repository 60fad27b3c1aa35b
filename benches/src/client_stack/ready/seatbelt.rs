use seatbelt::timeout::Timeout;
use tower_layer::Layer;
use tower_service::Service;

use super::LIMIT;
use crate::breaker;
use crate::call::seatbelt::{Output, context};
use crate::call::{Backend, Fault};
use crate::retry::success_budget::seatbelt as retry;

pub(super) fn around(inner: Backend) -> impl Service<u64, Response = u64> + Clone + 'static {
    retry::around(breaker::seatbelt::around(limited(inner)))
}

fn limited(inner: Backend) -> Timeout<u64, Output, Backend> {
    Timeout::layer("timeout", &context())
        .timeout(LIMIT)
        .timeout_error(|_| Fault::Rejected)
        .layer(inner)
}
