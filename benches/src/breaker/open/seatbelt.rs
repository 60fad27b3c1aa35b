use seatbelt::breaker::Breaker;
use tower_layer::Layer;

use super::PAUSE;
use crate::breaker::closed::{RATE, WINDOW};
use crate::call::Fault;
use crate::call::seatbelt::{Output, context, recovery};

pub(super) fn around<S>(inner: S) -> Breaker<u64, Output, S> {
    Breaker::layer("breaker", &context())
        .recovery_with(|output, _| recovery(output))
        .rejected_input_error(|_, _| Fault::Rejected)
        .failure_threshold(RATE)
        .min_throughput(u32::from(WINDOW))
        .break_duration(PAUSE)
        .layer(inner)
}
