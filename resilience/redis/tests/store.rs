//! The store on real servers: the suite of stores on one and on a cluster, and what goes wrong with
//! servers and connections.

#![cfg(test)]

#[path = "store/calls.rs"]
mod calls;
#[cfg(feature = "cluster")]
#[path = "store/cluster.rs"]
mod cluster;
#[path = "store/contents.rs"]
mod contents;
#[path = "store/failover.rs"]
mod failover;
#[path = "store/lost.rs"]
mod lost;
#[path = "store/memory.rs"]
mod memory;
#[path = "store/outage.rs"]
mod outage;
#[path = "store/proxy.rs"]
mod proxy;
#[path = "store/single.rs"]
mod single;

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, Nonce, Scope, Store, StoreError,
    StoreErrorKind,
};

/// More than any call takes, on a machine with other things to do.
const PATIENT: Duration = Duration::from_secs(20);
const KEEP: Duration = Duration::from_secs(3600);

/// A key that nobody else has.
fn key() -> Key {
    Key::new(&Scope::everybody(), &Nonce::unique().to_string()).unwrap()
}

/// A try of this key, under a lease of a minute.
fn claim(key: Key) -> Claim {
    Claim {
        key,
        fingerprint: Fingerprint::of([&b"POST"[..]]),
        nonce: Nonce::unique(),
        lease: Duration::from_secs(60),
        keep: KEEP,
        takes_over: true,
    }
}

/// Claims the key, which is free.
async fn first(store: &impl Store, claim: &Claim) -> Held {
    match store.claim(claim).await.unwrap() {
        Claimed::First(held) => held,
        other => panic!("the key is free, but the claim was answered {other:?}"),
    }
}

/// Completes what is held.
async fn complete(store: &impl Store, held: &Held, record: &'static [u8]) {
    let completed = store.complete(held, Bytes::from_static(record), KEEP).await;
    assert_eq!(completed.unwrap(), Completion::Stored);
}

/// What an error has to say besides its kind.
fn source(error: &StoreError) -> String {
    error.source().unwrap().to_string()
}

fn kind<T: Debug>(answer: Result<T, StoreError>) -> StoreErrorKind {
    answer.unwrap_err().kind()
}
