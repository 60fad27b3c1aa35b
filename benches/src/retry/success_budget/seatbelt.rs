use seatbelt::retry::{Backoff, Retry};
use tower_layer::Layer;

use super::{BASE, CAP, RETRIES};
use crate::call::seatbelt::{Output, context, recovery};

pub(crate) fn around<S>(inner: S) -> Retry<u64, Output, S> {
    Retry::layer("retry", &context())
        .clone_input()
        .recovery_with(|output, _| recovery(output))
        .max_retry_attempts(u32::from(RETRIES))
        .backoff(Backoff::Exponential)
        .base_delay(BASE)
        .max_delay(CAP)
        .layer(inner)
}
