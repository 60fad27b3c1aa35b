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
    /// With an answer that is too large to be kept, a stream, or an upgrade. Its head is there, and
    /// is passed on once the key is settled. Over gRPC the code is not known yet, and where the
    /// effect happens as the body is read it has only begun.
    Unstorable,
    /// The service has failed, or the body of its response has broken off.
    Failed,
    /// The handler has panicked. The panic goes on to the caller.
    ///
    /// Where a layer inside of this one catches it, as `CatchPanicLayer` of tower-http does, what
    /// that answers is the ending instead: a 500, after which the key is free at least once. Put
    /// such a layer around this one.
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
    /// The lease ends at once: this try was cut off, and its effect may have happened, or may happen
    /// yet. The next one runs and is told of it by [`taken_over`](crate::Attempt::taken_over); at
    /// most once it is refused instead, as nobody knows.
    HandOver,
    /// The lease runs out, as if the process had died. What comes then is what the
    /// [guarantee](crate::Guarantee) says: the effect runs again, or never.
    Leave,
}

impl Settle {
    /// The policy unless there is another.
    ///
    /// | ending | at least once | at most once |
    /// |---|---|---|
    /// | 1xx: what follows is not seen | release | store (that there is no answer) |
    /// | 2xx, 3xx | store | store |
    /// | 401, 403, 409, 413, 415, 425, 429 | release | release |
    /// | 408, 499: cut off | hand over | leave |
    /// | other 4xx | store | store |
    /// | 504: cut off | hand over | store |
    /// | other 5xx | release | store |
    /// | gRPC | as the code's HTTP status | as the code's HTTP status |
    /// | [unstorable](Ending::Unstorable) | store (that there is no answer) | the same |
    /// | [failed](Ending::Failed), [cancelled](Ending::Cancelled) | hand over | leave |
    /// | [panicked](Ending::Panicked) | leave | leave |
    ///
    /// So `OK`, `INVALID_ARGUMENT`, `FAILED_PRECONDITION`, `OUT_OF_RANGE` and `NOT_FOUND` are
    /// stored, as are `INTERNAL` and its like at most once. `CANCELLED` and `DEADLINE_EXCEEDED` are
    /// 499 and 504.
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
            Ending::Failed | Ending::Cancelled if G::TAKES_OVER => Self::HandOver,
            Ending::Failed | Ending::Cancelled | Ending::Panicked => Self::Leave,
        }
    }

    fn of_status<G: Guarantee>(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 | 409 | 413 | 415 | 425 | 429 => Self::Release,
            408 | 499 | 504 if G::TAKES_OVER => Self::HandOver,
            408 | 499 => Self::Leave,
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
        use Settle::{HandOver, Leave, Release, Store};

        let rows: [(&[u16], _, _); 6] = [
            (&[100, 101, 103], Release, Store),
            (&[200, 201, 204, 303, 400, 402, 404, 410, 412, 422, 451], Store, Store),
            (&[401, 403, 409, 413, 415, 425, 429], Release, Release),
            (&[408, 499], HandOver, Leave),
            (&[504], HandOver, Store),
            (&[500, 502, 503, 599], Release, Store),
        ];
        for (statuses, at_least_once, at_most_once) in rows {
            for status in statuses {
                let ending = Ending::Http(StatusCode::from_u16(*status).unwrap());
                assert_eq!(Settle::by_default::<AtLeastOnce>(ending), at_least_once, "{status}");
                assert_eq!(Settle::by_default::<AtMostOnce>(ending), at_most_once, "{status}");
            }
        }
    }

    /// A timeout inside of the layer drops the handler in the middle of its effect.
    #[test]
    fn codes_that_cut_off_are_no_release() {
        for (code, at_most_once) in
            [(Code::Cancelled, Settle::Leave), (Code::DeadlineExceeded, Settle::Store)]
        {
            let ending = Ending::Grpc(code);
            assert_eq!(Settle::by_default::<AtLeastOnce>(ending), Settle::HandOver);
            assert_eq!(Settle::by_default::<AtMostOnce>(ending), at_most_once);
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
