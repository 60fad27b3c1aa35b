use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Full;
use mainstay_json::{Limits, from_body};

use super::Read;

const DEFAULT: Limits = Limits::new();

/// Each as low as the examples let it be, or nearly so.
const LOW: Limits = Limits::new().body(4300).depth(4).string(32).array(27).members(10);

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    within(input, &DEFAULT)
}

pub(super) fn limited<T: Read>(input: &Bytes) -> T {
    within(input, &LOW)
}

fn within<T: Read>(input: &Bytes, limits: &Limits) -> T {
    let reading = pin!(from_body(Full::new(input.clone()), limits));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value.expect("it is within the limits"),
        Poll::Pending => unreachable!("the body is all there"),
    }
}

/// The limits bite.
pub(super) fn check_limits<T: Read>(input: &Bytes) {
    for less in [LOW.body(3899), LOW.depth(2), LOW.string(5), LOW.array(20), LOW.members(1)] {
        assert!(mainstay_json::from_slice::<T>(input, &less).is_err(), "{less:?}");
    }
}
