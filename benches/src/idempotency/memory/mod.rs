//! A whole request through the layer, with answers kept in memory.
//!
//! Equal work: the same request, of 200 bytes with a key and a session, made, answered with 200
//! bytes and read to its end. There are a thousand keys: each new one that ours is given makes the oldest
//! expire, as time goes on by a millisecond with it, and answers are kept for a second. In
//! axum-idempotent a session has a hundred keys, through all of which it goes at each new one, and
//! the next hundred are another session's; the old ones stay.
//!
//! axum-idempotent is as in its documentation, with keys from the header. It then does not look at
//! the request otherwise: no digest, and the same key with another order is answered with the
//! first. It has no claims: two tries at the same time both run. Nothing has a lease, a fence or a
//! scope but the session.

mod axum_idempotent;
mod mainstay;

use std::convert::Infallible;
use std::fmt;
use std::hint::{black_box, spin_loop};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::request::{Answered, Orders, exchange, order};
use crate::call::enter;
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};

pub(super) const FIRST: Case = Case {
    name: "memory-first",
    what: "a POST with a new key and 200 bytes, answered with 200 bytes, which are kept in memory \
           beside the thousand before; the floor is the service without a layer; axum-idempotent \
           neither claims the key nor looks at the order",
    kinds: Kinds::All,
    goals: &[Goal::NanosOverFloor(2000.0), Goal::AllocationsOverFloor(8)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || firsts(Orders) },
        Contender { who: MAINSTAY, prepare: || firsts(mainstay::around(Orders, 1)) },
        Contender { who: "axum-idempotent", prepare: || firsts(axum_idempotent::around(Orders)) },
    ],
};

pub(super) const REPLAY: Case = Case {
    name: "memory-replay",
    what: "the same POST again, with a key that has been answered, as one of a thousand; the floor \
           is the service without a layer, which runs",
    kinds: Kinds::All,
    goals: &[Goal::NanosOverFloor(1500.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || replays(Orders) },
        Contender { who: MAINSTAY, prepare: || replays(mainstay::around(Orders, 0)) },
        Contender { who: "axum-idempotent", prepare: || replays(axum_idempotent::around(Orders)) },
    ],
};

/// How many keys are kept.
const KEYS: u64 = 1000;

/// The operation that orders with a key that is new each time.
fn firsts<S, B>(service: S) -> Operation
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + 'static,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    let entered = enter();
    let mut number = KEYS;
    fill(&service);
    operation(move || {
        black_box(&entered);
        number += 1;
        now(&service, number)
    })
}

/// The operation that orders again what has been ordered.
fn replays<S, B>(service: S) -> Operation
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + 'static,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    let entered = enter();
    fill(&service);
    operation(move || {
        black_box(&entered);
        now(&service, black_box(KEYS))
    })
}

fn fill<S, B>(service: &S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    for number in 1..=KEYS {
        now(service, number);
    }
}

/// An order that nothing has to be waited for.
#[inline(never)]
fn now<S, B>(service: &S, number: u64) -> Answered
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    let mut context = Context::from_waker(Waker::noop());
    let mut exchange = pin!(exchange(service, order(number)));
    loop {
        match exchange.as_mut().poll(&mut context) {
            Poll::Ready(answered) => return answered,
            Poll::Pending => spin_loop(),
        }
    }
}

fn check_same_work() {
    let _entered = enter();
    now(&Orders, 1).check(false);
    check(&mainstay::around(Orders, 1));
    check(&axum_idempotent::around(Orders));
}

/// A new key runs, an old one does not.
fn check<S, B>(service: &S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    for number in 1..=KEYS {
        now(service, number).check(false);
    }
    now(service, KEYS).check(true);
    now(service, KEYS + 1).check(false);
}
