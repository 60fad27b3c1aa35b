//! A whole answer of axum, as its server reads it: head and body.
//!
//! Equal work: a value becomes a response, whose body is collected. All have the same status,
//! content type and bytes, and know their length; checked by [`check`].

mod axum;
mod mainstay;

use std::hint::black_box;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ::axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body::Body as _;
use http_body_util::BodyExt;

use super::Orders;
use super::encode::floor;
use crate::{Case, Contender, Goal, Kinds, MAINSTAY, Operation, operation};

/// All who respond, with what makes the value.
macro_rules! contenders {
    ($orders:expr) => {
        [
            Contender { who: MAINSTAY, prepare: || repeat($orders(), mainstay::respond) },
            Contender { who: "axum", prepare: || repeat($orders(), axum::respond) },
        ]
    };
}

pub(super) const OF_200_BYTES: Case = Case {
    name: "respond-200b",
    what: "a value of about 200 B as a response of axum, its body collected",
    kinds: Kinds::All,
    goals: &[Goal::OfPeer("axum", 0.7)],
    check_same_work: || check(&Orders::of_200_bytes(), 190..215),
    contenders: &contenders!(Orders::of_200_bytes),
};

pub(super) const OF_4_KILOBYTES: Case = Case {
    name: "respond-4k",
    what: "the same, about 4 KB",
    kinds: Kinds::All,
    goals: &[Goal::OfPeer("axum", 0.6)],
    check_same_work: || check(&Orders::of_4_kilobytes(), 3900..4300),
    contenders: &contenders!(Orders::of_4_kilobytes),
};

pub(super) const OF_256_KILOBYTES: Case = Case {
    name: "respond-256k",
    what: "the same, about 256 KB",
    kinds: Kinds::All,
    goals: &[Goal::OfPeer("axum", 0.55)],
    check_same_work: || check(&Orders::of_256_kilobytes(), 250_000..275_000),
    contenders: &contenders!(Orders::of_256_kilobytes),
};

fn repeat(orders: Orders, respond: fn(&Orders) -> Response) -> Operation {
    operation(move || collect(respond(black_box(&orders))))
}

/// What the server has to do with it, but for the sending.
#[inline(never)]
fn collect(response: Response) -> Bytes {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(response.into_body().collect()).poll(&mut context) {
        Poll::Ready(Ok(body)) => body.to_bytes(),
        _ => unreachable!("the body is there"),
    }
}

fn check(orders: &Orders, len: Range<usize>) {
    let mut expected = Vec::new();
    floor::write(orders, &mut expected);
    assert!(len.contains(&expected.len()), "{} bytes", expected.len());
    for respond in [mainstay::respond, axum::respond] {
        let response = respond(orders);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().len(), 1);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.body().size_hint().exact(), Some(expected.len() as u64));
        assert_eq!(collect(response), expected);
    }
}
