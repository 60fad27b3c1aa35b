use tower_layer::Layer;
use tower_resilience_timelimiter::TimeLimiterLayer;
use tower_service::Service;

use super::LIMIT;
use crate::breaker;
use crate::call::Backend;
use crate::retry::success_budget::tower_resilience as retry;

pub(super) fn around(inner: Backend) -> impl Service<u64, Response = u64> + Clone + 'static {
    let limited = TimeLimiterLayer::builder().timeout_duration(LIMIT).build().layer(inner);
    retry::around(breaker::tower_resilience::around(limited))
}
