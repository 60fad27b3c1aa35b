//! The floors of retry and breaker. A timeout costs nothing where nothing is waited for.

use tower_service::Service;

use crate::breaker;
use crate::call::Backend;
use crate::retry::success_budget::floor;

pub(super) fn around(
    inner: Backend,
) -> impl Service<u64, Response = u64, Error: 'static, Future: 'static> + Clone + 'static {
    floor::around(breaker::floor::around(inner))
}
