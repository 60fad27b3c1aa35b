//! An error without owned fields, made two calls below, carried up by `?` in the type that holds
//! any error, and taken out again as what it was.
//!
//! Equal work: all make the same value in the same function, which is not inlined, and neither
//! is the one with the `?` in it. Without that the optimiser may remove allocation and release
//! as a pair. None captures a backtrace, which anyhow and error-stack do if `RUST_BACKTRACE` asks
//! for it.

mod anyhow;
mod error_stack;
mod floor;
mod mainstay;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::hint::black_box;

use mainstay_errors::Fault;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};

pub(super) const CASE: Case = Case {
    name: "construct",
    what: "an error without owned fields, by `?` into the type that holds any error, and taken \
           out again as what it was",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(1), Goal::OfBestPeer(1.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(floor::there_and_back) },
        Contender { who: MAINSTAY, prepare: || repeat(mainstay::there_and_back) },
        Contender { who: "anyhow", prepare: || repeat(anyhow::there_and_back) },
        Contender { who: "error-stack", prepare: || repeat(error_stack::there_and_back) },
    ],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum OrderError {
    #[error("order {id} not in {table}")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
    NotFound {
        #[fault(public)]
        id: u64,
        table: &'static str,
    },

    #[error("order has no lines")]
    #[fault(invalid_argument, reason = "ORDER_EMPTY", message = "The order has no lines.")]
    Empty,
}

/// Fails for every id of this benchmark.
#[inline(never)]
fn lines_of(id: u64) -> Result<u64, OrderError> {
    match id {
        0 => Err(OrderError::Empty),
        1..10 => Ok(id),
        _ => Err(OrderError::NotFound { id, table: "orders_2026" }),
    }
}

fn repeat(there_and_back: fn(u64) -> Option<OrderError>) -> Operation {
    operation(move || there_and_back(black_box(4711)))
}

fn check_same_work() {
    assert_eq!(Backtrace::capture().status(), BacktraceStatus::Disabled);
    for there_and_back in [
        floor::there_and_back,
        mainstay::there_and_back,
        anyhow::there_and_back,
        error_stack::there_and_back,
    ] {
        assert_eq!(there_and_back(0), Some(OrderError::Empty));
        assert_eq!(there_and_back(5), None);
        let expected = OrderError::NotFound { id: 4711, table: "orders_2026" };
        assert_eq!(there_and_back(4711), Some(expected));
    }
}
