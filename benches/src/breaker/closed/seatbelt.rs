//! It has no window of calls: this one is its default of 30 seconds, with at least 100 calls.

use seatbelt::breaker::Breaker;
use tower_layer::Layer;

use super::{RATE, WINDOW};
use crate::call::Fault;
use crate::call::seatbelt::{Output, context, recovery};

pub(crate) fn around<S>(inner: S) -> Breaker<u64, Output, S> {
    Breaker::layer("breaker", &context())
        .recovery_with(|output, _| recovery(output))
        .rejected_input_error(|_, _| Fault::Rejected)
        .failure_threshold(RATE)
        .min_throughput(u32::from(WINDOW))
        .layer(inner)
}
