use std::thread;

use super::ensure;
use crate::traps::library::Library;
use crate::traps::rig::{Seen, start_anywhere};
use crate::traps::server::{Ask, Server};
use crate::traps::{Trouble, Verdict};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    // In a thread of its own, which no runtime was entered on.
    thread::spawn(ready_call::<L>).join().unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let panic = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(Trouble::Fails(format!("makes a timer before the first poll, and panics: {panic}")))
    })
}

fn ready_call<L: Library>() -> Verdict {
    let timed = L::timeout(&Server::default())?;
    let seen = start_anywhere(&timed.service, Ask::Good).seen;
    ensure(!(timed.armed)(), || "registers a timer".to_owned())?;
    ensure(seen == Seen::Served, || "does not serve a call that is ready".to_owned())
}
