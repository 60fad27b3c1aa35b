//! A body of JSON as a value.
//!
//! Equal work: all make the same value of the same bytes, and drop it. `mainstay` starts from a
//! body of one frame, which it collects; the others start from the bytes. `axum` is its `Json`,
//! which keeps track of the path. simd-json writes to its input, so it is given a copy. The floor
//! is `serde_json`, which `mainstay` reads with, in a text that is checked for UTF-8 once.
//!
//! `mainstay` has the default limits. `mainstay-limits` has every limit so low that it has to be
//! looked at; of objects that are maps both remember the names.

mod axum;
mod floor;
mod mainstay;
mod maps;
mod serde_json;
mod simd_json;
mod sonic_rs;
mod typed;

use std::hint::black_box;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};
use maps::Maps;
use typed::Typed;

/// What is read, and what it is read from.
trait Read: DeserializeOwned + PartialEq + std::fmt::Debug + 'static {
    fn example() -> Bytes;
}

macro_rules! contenders {
    ($value:ty) => {
        &[
            Contender { who: FLOOR, prepare: || repeat(floor::read::<$value>) },
            Contender { who: MAINSTAY, prepare: || repeat(mainstay::read::<$value>) },
            Contender { who: "mainstay-limits", prepare: || repeat(mainstay::limited::<$value>) },
            Contender { who: "serde_json", prepare: || repeat(serde_json::read::<$value>) },
            Contender { who: "axum", prepare: || repeat(axum::read::<$value>) },
            Contender { who: "sonic-rs", prepare: || repeat(sonic_rs::read::<$value>) },
            Contender { who: "simd-json", prepare: || repeat(simd_json::read::<$value>) },
        ]
    };
}

pub(super) const INTO_STRUCTS: Case = Case {
    name: "decode-4k",
    what: "a body of about 4 KB as a value of structs; the floor has no limits and no body",
    kinds: Kinds::All,
    goals: &[Goal::OfPeer("serde_json", 1.05), Goal::OfPeer("axum", 0.7)],
    check_same_work: check::<Typed>,
    contenders: contenders!(Typed),
};

pub(super) const INTO_MAPS: Case = Case {
    name: "decode-4k-maps",
    what: "the same, in maps, whose names must not come twice",
    kinds: Kinds::All,
    goals: &[Goal::OfPeer("serde_json", 1.4)],
    check_same_work: check::<Maps>,
    contenders: contenders!(Maps),
};

fn repeat<T: Read>(read: fn(&Bytes) -> T) -> Operation {
    let input = T::example();
    operation(move || read(black_box(&input)))
}

fn check<T: Read>() {
    let input = T::example();
    assert!((3900..4300).contains(&input.len()), "{} bytes", input.len());
    let expected = floor::read::<T>(&input);
    for read in [
        mainstay::read::<T>,
        mainstay::limited::<T>,
        serde_json::read::<T>,
        axum::read::<T>,
        sonic_rs::read::<T>,
        simd_json::read::<T>,
    ] {
        assert_eq!(read(&input), expected);
    }
    mainstay::check_limits::<T>(&input);
}
