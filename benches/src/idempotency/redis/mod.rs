//! A whole request through the layer, with claims on a Redis of this machine, by one client.
//! Both are on one processor.
//!
//! Equal work: the same scripts with arguments of the same lengths, over a connection of the same
//! kind. The floor sends them by hand: no request, no digests, no record to be made. The layer is
//! asked as [`request`](super::request) has it. That these are two commands and one is shown by
//! the tests of `mainstay-redis`. Each operation checks what comes of it.

mod floor;
mod mainstay;

use std::sync::{Arc, Mutex, Weak};

use mainstay_testkit::servers::Redis;

use super::clients::{beside, shared};
use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY};

pub(super) const FIRST: Case = Case {
    name: "redis-first",
    what: "`memory-first` with claims on a Redis of this machine, one client; the floor is the two \
           commands by themselves",
    kinds: Kinds::Served,
    goals: &[Goal::OfFloor(1.15)],
    check_same_work: || {},
    contenders: &[
        Contender { who: FLOOR, prepare: floor::firsts },
        Contender { who: MAINSTAY, prepare: mainstay::firsts },
    ],
};

pub(super) const REPLAY: Case = Case {
    name: "redis-replay",
    what: "`memory-replay` with answers on a Redis of this machine, one client; the floor is the \
           one command by itself",
    kinds: Kinds::Served,
    goals: &[Goal::OfFloor(1.15)],
    check_same_work: || {},
    contenders: &[
        Contender { who: FLOOR, prepare: floor::replays },
        Contender { who: MAINSTAY, prepare: mainstay::replays },
    ],
};

/// The server of all contenders.
fn server() -> Arc<Redis> {
    static SERVER: Mutex<Weak<Redis>> = Mutex::new(Weak::new());
    shared(&SERVER, || beside(Redis::private).expect("a server"))
}
