//! A short round on each store, and rounds that have to find a store wrong.
#![cfg(test)]

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use mainstay_idempotency_harness::{Flaw, Settings, StoreKind, Summary, run};

/// On servers and on files one at a time: each has many processes, and some machines are small.
fn round(settings: &Settings) -> Summary {
    static SERVERS: Mutex<()> = Mutex::new(());
    static FILES: Mutex<()> = Mutex::new(());
    let turns = if settings.store == StoreKind::Files { &FILES } else { &SERVERS };
    let _turn = turns.lock().unwrap_or_else(PoisonError::into_inner);
    let program = Path::new(env!("CARGO_BIN_EXE_idempotency-round"));
    run(settings, program).unwrap()
}

/// No law was broken, and it was not for want of trying.
fn holds(summary: &Summary) {
    // Shown although the test passes: what has happened is the result.
    write!(io::stdout(), "{summary}").unwrap();
    assert!(summary.violations.is_empty(), "{summary}");
    assert!(summary.undecided * 20 <= summary.keys, "{summary}");
    let happened = [
        summary.completions,
        summary.replays,
        summary.takeovers,
        usize::try_from(summary.kills).unwrap(),
        usize::try_from(summary.pauses).unwrap(),
    ];
    assert!(!happened.contains(&0), "{summary}");
}

fn is_disturbed(summary: &Summary) {
    assert!(summary.cuts > 0 && summary.delays > 0 && summary.restarts > 0, "{summary}");
}

/// Transactions have completed keys, in one and in two, and were asked about.
fn transacts(summary: &Summary) {
    let happened = [summary.transactions, summary.kept, summary.settled];
    assert!(!happened.contains(&0), "{summary}");
}

#[test]
fn redis_holds() {
    let summary = round(&Settings::of(StoreKind::Redis, 1));
    holds(&summary);
    is_disturbed(&summary);
}

#[test]
fn postgres_holds() {
    let summary = round(&Settings::of(StoreKind::Postgres, 2));
    holds(&summary);
    is_disturbed(&summary);
    transacts(&summary);
    assert!(summary.commits > 0, "{summary}");
}

#[test]
fn sqlite_holds() {
    let summary = round(&Settings::of(StoreKind::Sqlite, 3));
    holds(&summary);
    transacts(&summary);
}

/// The store of files, which is right without a flaw and found wrong with each.
fn files(flaw: Option<Flaw>, seed: u64) -> Summary {
    round(&Settings { seconds: 2, flaw, ..Settings::of(StoreKind::Files, seed) })
}

#[test]
fn a_store_without_a_flaw_holds() {
    holds(&files(None, 4));
}

/// In one of a few rounds, as not each has all that can happen.
fn is_found(flaw: Flaw) {
    const ROUNDS: u64 = 6;
    let finds = |seed| {
        let summary = files(Some(flaw), seed);
        summary.violations.iter().any(|violation| violation.law == "linearizable")
    };
    assert!((1..=ROUNDS).any(finds), "{flaw:?} is not found");
}

#[test]
fn get_then_set_is_found() {
    is_found(Flaw::GetThenSet);
}

#[test]
fn completion_without_owner_is_found() {
    is_found(Flaw::NoFenceCompare);
}

#[test]
fn release_without_owner_is_found() {
    is_found(Flaw::ReleaseWithoutOwner);
}

#[test]
fn renewal_that_revives_is_found() {
    is_found(Flaw::RevivingRenewal);
}

#[test]
fn fences_that_repeat_are_found() {
    is_found(Flaw::FenceForgotten);
}

#[test]
fn a_nonce_that_is_not_known_again_is_found() {
    is_found(Flaw::NonceForgotten);
}
