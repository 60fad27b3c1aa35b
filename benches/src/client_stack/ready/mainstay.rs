//! By hand, until there is a builder of whole stacks.

use mainstay_resilience::timeout::TimeoutLayer;
use tower_layer::Layer;
use tower_service::Service;

use super::LIMIT;
use crate::breaker;
use crate::call::Backend;
use crate::retry::success_budget::mainstay as retry;

pub(super) fn around(inner: Backend) -> impl Service<u64, Response = u64> + Clone + 'static {
    let limited = TimeoutLayer::new(LIMIT).layer(inner);
    retry::around(breaker::mainstay::around(limited))
}
