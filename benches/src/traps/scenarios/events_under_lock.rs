use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::ensure;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::{Boxed, Seen, start};
use crate::traps::server::{Ask, Server};
use crate::traps::{Trouble, Verdict};

/// How long the thread may be stuck.
const PATIENCE: Duration = Duration::from_millis(500);

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    L::breaker(Settings::default(), &Server::default())?;
    let (tell, told) = mpsc::channel();
    // What deadlocks stays where it is, until the program ends.
    thread::spawn(move || {
        let _ = open_with_callback::<L>(tell);
    });
    match told.recv_timeout(PATIENCE) {
        Ok(seen) => ensure(seen != Seen::Waits, || {
            "a call in the callback waits for the lock around it".to_owned()
        }),
        Err(RecvTimeoutError::Timeout) => {
            Err(Trouble::Fails("a call in the callback never returns".to_owned()))
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(Trouble::Fails("the callback is not called".to_owned()))
        }
    }
}

/// Opens a breaker, and sends what its callback saw of a call.
fn open_with_callback<L: Library>(tell: Sender<Seen>) -> Verdict {
    let slot: Arc<Mutex<Option<Boxed>>> = Arc::default();
    let mine = Arc::clone(&slot);
    let tell = Mutex::new(tell);
    let take = move || mine.lock().unwrap_or_else(PoisonError::into_inner).take();
    let on_open = move || {
        if let Some(service) = take() {
            let seen = start(&service, Ask::Good).seen;
            let _ = tell.lock().unwrap_or_else(PoisonError::into_inner).send(seen);
        }
    };
    let settings = Settings { on_open: Some(Arc::new(on_open)), ..Settings::default() };
    let rig = L::breaker(settings, &Server::default())?;
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(rig.service.clone());
    rig.trip(1000);
    Ok(())
}
