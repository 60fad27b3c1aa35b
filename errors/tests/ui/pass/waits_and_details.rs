//! The wait as a constant, as a field and as a field that may have none; details as they are.
#![deny(warnings)]

use std::time::Duration;

use mainstay_errors::{Details, Fault, FieldViolation};

type Wait = Option<Duration>;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    #[error("constant")]
    #[fault(unavailable, reason = "CONSTANT", message = "Not now.", retry_after = "1m")]
    Constant,

    #[error("known")]
    #[fault(unavailable, reason = "KNOWN", message = "Not now.")]
    Known(#[fault(retry_after)] Duration),

    #[error("perhaps")]
    #[fault(unavailable, reason = "PERHAPS", message = "Not now.")]
    Perhaps {
        #[fault(retry_after)]
        wait: Wait,
    },

    #[error("shown")]
    #[fault(unavailable, reason = "SHOWN", message = "Not for {seconds} s.")]
    Shown {
        #[fault(public)]
        seconds: u64,
        #[fault(retry_after)]
        wait: Duration,
    },

    #[error("details")]
    #[fault(invalid_argument, status = 422, reason = "DETAILS", message = "It is not valid.")]
    Details(#[fault(details)] Details),

    #[error("all of it")]
    #[fault(invalid_argument, reason = "ALL_OF_IT", message = "{0} is not valid.")]
    All(#[fault(public = "id")] u8, #[fault(details)] Details, #[fault(retry_after)] Duration),
}

fn main() {
    let second = Duration::from_secs(1);
    let details = Details::bad_request([FieldViolation::query("limit", "RANGE", "too large")]);
    for (wrong, wait) in [
        (Wrong::Constant, Some(60 * second)),
        (Wrong::Known(second), Some(second)),
        (Wrong::Perhaps { wait: Some(second) }, Some(second)),
        (Wrong::Perhaps { wait: None }, None),
        (Wrong::Shown { seconds: 1, wait: second }, Some(second)),
        (Wrong::Details(details.clone()), None),
        (Wrong::All(1, details, second), Some(second)),
    ] {
        assert_eq!(wrong.retry_after(), wait);
        assert_eq!(wrong.details().is_some(), matches!(wrong, Wrong::Details(_) | Wrong::All(..)));
    }
}
