use recloser::Recloser;

use super::PAUSE;
use crate::breaker::closed::recloser::{Guarded, guarded};
use crate::breaker::closed::{RATE, WINDOW};

pub(super) fn around<S>(inner: S) -> Guarded<S> {
    let breaker = Recloser::custom()
        .error_rate(RATE)
        .closed_len(usize::from(WINDOW))
        .open_wait(PAUSE)
        .build();
    guarded(inner, breaker)
}
