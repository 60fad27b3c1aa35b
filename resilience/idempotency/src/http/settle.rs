use http::StatusCode;
use mainstay_core::Code;

use crate::Guarantee;

/// How a try has ended: what the [outcome policy](crate::IdempotencyLayer::outcomes) decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// With this status, over HTTP.
    Http(StatusCode),
    /// With this code, over gRPC.
    Grpc(Code),
    /// With an answer that is too large to be kept, or a stream. Its head is there, and is passed
    /// on once the key is settled. Over gRPC the code is not known yet.
    Unstorable,
    /// The service has failed, or the body of its response has broken off.
    Failed,
    /// The handler has panicked. The panic goes on to the caller.
    Panicked,
    /// The client went away, and the handler was dropped with it: only if
    /// [it is](crate::IdempotencyLayer::dropped_with_the_client), or too many are detached.
    Cancelled,
}

/// What becomes of the key of a try that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// The answer is kept, and given to later tries. Where there is none that can be, that is what
    /// is kept, and later tries are refused with
    /// [`RefusedKind::AnswerNotKept`](crate::RefusedKind::AnswerNotKept).
    Store,
    /// The key is given up, and the next try runs: it had no effect, or one that can be repeated.
    /// Where this try has [taken over](crate::Attempt::taken_over), so has the next: what became of
    /// the one that died is still not known.
    Release,
    /// The lease runs out, as if the process had died. What comes then is what the
    /// [guarantee](crate::Guarantee) says: the effect runs again, or never.
    Leave,
}

impl Settle {
    /// The policy unless there is another.
    ///
    /// | ending | at least once | at most once |
    /// |---|---|---|
    /// | 2xx, 3xx | store | store |
    /// | 401, 403, 408, 409, 413, 415, 425, 429, 499 | release | release |
    /// | other 4xx | store | store |
    /// | 5xx | release | store |
    /// | gRPC | as the code's HTTP status | as the code's HTTP status |
    /// | [unstorable](Ending::Unstorable) | store (that there is no answer) | the same |
    /// | [failed](Ending::Failed), [cancelled](Ending::Cancelled) | release | leave |
    /// | [panicked](Ending::Panicked) | leave | leave |
    ///
    /// So `OK`, `INVALID_ARGUMENT`, `FAILED_PRECONDITION`, `OUT_OF_RANGE` and `NOT_FOUND` are
    /// stored, as are `INTERNAL` and its like at most once.
    ///
    /// ```
    /// use mainstay_idempotency::{AtLeastOnce, AtMostOnce, Ending, Settle};
    /// use http::StatusCode;
    ///
    /// let failed = Ending::Http(StatusCode::BAD_GATEWAY);
    /// assert_eq!(Settle::by_default::<AtLeastOnce>(failed), Settle::Release);
    /// assert_eq!(Settle::by_default::<AtMostOnce>(failed), Settle::Store);
    /// ```
    pub fn by_default<G: Guarantee>(ending: Ending) -> Self {
        match ending {
            Ending::Http(status) => Self::of_status::<G>(status),
            Ending::Grpc(code) => Self::of_status::<G>(code.http_status()),
            Ending::Unstorable => Self::Store,
            Ending::Failed | Ending::Cancelled if G::TAKES_OVER => Self::Release,
            Ending::Failed | Ending::Cancelled | Ending::Panicked => Self::Leave,
        }
    }

    fn of_status<G: Guarantee>(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 | 408 | 409 | 413 | 415 | 425 | 429 | 499 => Self::Release,
            200..500 => Self::Store,
            _ if G::TAKES_OVER => Self::Release,
            _ => Self::Store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AtLeastOnce, AtMostOnce};

    #[test]
    fn statuses_are_settled_as_the_table_says() {
        let of = |status| Ending::Http(StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 204, 303, 400, 402, 404, 410, 412, 422, 451] {
            assert_eq!(Settle::by_default::<AtLeastOnce>(of(status)), Settle::Store, "{status}");
            assert_eq!(Settle::by_default::<AtMostOnce>(of(status)), Settle::Store, "{status}");
        }
        for status in [401, 403, 408, 409, 413, 415, 425, 429, 499] {
            assert_eq!(Settle::by_default::<AtLeastOnce>(of(status)), Settle::Release, "{status}");
            assert_eq!(Settle::by_default::<AtMostOnce>(of(status)), Settle::Release, "{status}");
        }
        for status in [500, 502, 503, 504, 599] {
            assert_eq!(Settle::by_default::<AtLeastOnce>(of(status)), Settle::Release, "{status}");
            assert_eq!(Settle::by_default::<AtMostOnce>(of(status)), Settle::Store, "{status}");
        }
    }

    #[test]
    fn codes_that_are_an_answer_are_stored() {
        let stored =
            |code: &Code| Settle::by_default::<AtLeastOnce>(Ending::Grpc(*code)) == Settle::Store;
        let codes: Vec<_> = Code::ALL.into_iter().filter(stored).collect();
        assert_eq!(
            codes,
            [
                Code::Ok,
                Code::InvalidArgument,
                Code::NotFound,
                Code::FailedPrecondition,
                Code::OutOfRange,
            ]
        );
    }
}
