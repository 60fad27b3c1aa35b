//! Histories made by hand: right ones pass, and each wrong one is found, by the law that it breaks.

use std::collections::BTreeMap;

use super::*;
use crate::history::{Answer, Call};

const LEASE: u64 = 400_000;
const KEEP: u64 = 60_000_000;
const MILLI: u64 = 1000;

/// One key's history. Times are in milliseconds.
#[derive(Default)]
struct Story {
    operations: Vec<Operation>,
    effects: Vec<Effect>,
    rows: Vec<Effect>,
}

impl Story {
    fn with(mut self, from: u64, until: u64, call: Call, answer: Answer) -> Self {
        let answer = Some((answer, until * MILLI));
        self.operations.push(Operation { call, from: from * MILLI, answer });
        self
    }

    fn unanswered(mut self, from: u64, call: Call) -> Self {
        self.operations.push(Operation { call, from: from * MILLI, answer: None });
        self
    }

    /// An effect, and the record of it.
    fn effect(mut self, nonce: &str, fence: u64) -> Self {
        self.effects.push(effect(nonce, fence));
        self
    }

    /// The same in the store's database.
    fn row(mut self, nonce: &str, fence: u64) -> Self {
        self.rows.push(effect(nonce, fence));
        self
    }

    fn verdict(&self) -> Verdict {
        let keys = BTreeMap::from([("k".to_owned(), self.operations.clone())]);
        let (effects, rows) = (self.effects.clone(), self.rows.clone());
        check(&Evidence { keys, effects, rows, closing: u64::MAX })
    }

    fn passes(&self) {
        let verdict = self.verdict();
        assert!(verdict.violations.is_empty(), "{}", verdict.violations[0]);
        assert_eq!(verdict.undecided, 0);
    }

    fn breaks(&self, law: &str) {
        let laws: Vec<_> = self.verdict().violations.iter().map(|found| found.law).collect();
        assert!(laws.contains(&law), "{law} is not among {laws:?}");
    }
}

fn claim(nonce: &str) -> Call {
    Call::Claim { key: "k".into(), nonce: nonce.into(), print: 1, lease: LEASE, keep: KEEP }
}

fn complete(nonce: &str, fence: u64) -> Call {
    let (key, nonce) = ("k".to_owned(), nonce.to_owned());
    Call::Complete { key, fence, record: record(&nonce), nonce, keep: KEEP }
}

fn renew(nonce: &str, fence: u64) -> Call {
    Call::Renew { key: "k".into(), nonce: nonce.into(), fence, lease: LEASE }
}

fn release(nonce: &str, fence: u64) -> Call {
    Call::Release { key: "k".into(), nonce: nonce.into(), fence }
}

fn transact(nonce: &str) -> Call {
    Call::Transact { key: "k".into(), nonce: nonce.into(), record: record(nonce), keep: KEEP }
}

fn effect(nonce: &str, fence: u64) -> Effect {
    Effect { key: "k".into(), fence, nonce: nonce.into(), record: record(nonce) }
}

fn record(nonce: &str) -> String {
    format!("record of {nonce}")
}

fn first(fence: u64) -> Answer {
    Answer::First { fence, taken_over: false }
}

fn taken_over(fence: u64) -> Answer {
    Answer::First { fence, taken_over: true }
}

fn replay(nonce: &str) -> Answer {
    Answer::Completed { record: record(nonce) }
}

/// `a` has the key, with fence 5, and its effect has happened.
fn begun() -> Story {
    Story::default().with(0, 2, claim("a"), first(5)).effect("a", 5)
}

/// And then `b` has taken it over, with fence 6.
fn overtaken() -> Story {
    begun().with(500, 503, claim("b"), taken_over(6)).effect("b", 6)
}

#[test]
fn a_right_history_passes() {
    begun()
        .with(1, 4, claim("b"), Answer::Running)
        .with(300, 302, renew("a", 5), Answer::Renewed)
        .with(600, 605, claim("b"), Answer::Running)
        .with(610, 612, complete("a", 5), Answer::Stored)
        .with(611, 613, claim("c"), replay("a"))
        .with(620, 622, renew("a", 5), Answer::Lost { record: None })
        .with(620, 622, release("a", 5), Answer::Released)
        .with(630, 631, claim("d"), replay("a"))
        .passes();
}

#[test]
fn takeover_and_loss_pass() {
    overtaken()
        .with(510, 512, complete("a", 5), Answer::Lost { record: None })
        .with(513, 515, complete("b", 6), Answer::Stored)
        .with(520, 523, complete("a", 5), Answer::Lost { record: Some(record("b")) })
        .passes();
}

#[test]
fn what_was_not_answered_may_have_been_done_or_not() {
    let lost = || Story::default().unanswered(0, claim("a")).effect("a", 5);
    lost().with(10, 12, claim("b"), Answer::Running).passes();
    lost().with(10, 12, claim("b"), first(6)).passes();
    lost().with(10, 12, claim("a"), first(5)).unanswered(13, complete("a", 5)).passes();
    let completed = lost().with(10, 12, claim("a"), first(5)).unanswered(13, complete("a", 5));
    completed.with(20, 22, claim("b"), replay("a")).passes();
    // Done late: the request was on its way for all that time.
    lost()
        .with(10, 12, claim("b"), first(6))
        .with(13, 14, release("b", 6), Answer::Released)
        .with(20, 22, claim("c"), Answer::Running)
        .passes();
}

#[test]
fn one_call_may_have_been_done_twice() {
    // The first time as 5; its answer was lost; by then `b` had taken it over and given it up.
    Story::default()
        .with(0, 900, claim("a"), first(7))
        .with(500, 502, claim("b"), taken_over(6))
        .with(503, 504, release("b", 6), Answer::Released)
        .passes();
}

#[test]
fn two_winners_are_found() {
    begun().with(3, 5, claim("b"), first(6)).breaks("linearizable");
    begun()
        .with(3, 5, claim("b"), first(6))
        .effect("b", 6)
        .with(6, 7, complete("a", 5), Answer::Stored)
        .with(6, 8, complete("b", 6), Answer::Stored)
        .breaks("I1 one completion");
}

#[test]
fn a_takeover_too_early_is_found() {
    begun().with(390, 394, claim("b"), taken_over(6)).breaks("linearizable");
    begun().with(390, 401, claim("b"), taken_over(6)).passes();
    let renewed = begun().with(300, 302, renew("a", 5), Answer::Renewed);
    renewed.with(600, 650, claim("b"), taken_over(6)).breaks("linearizable");
}

#[test]
fn a_repeated_fence_is_found() {
    let again = begun().with(500, 502, claim("b"), taken_over(5));
    again.breaks("I3 fences are unique");
    again.breaks("linearizable");
    let released = begun().with(10, 12, release("a", 5), Answer::Released);
    released.with(20, 22, claim("b"), first(4)).breaks("I3 fences rise");
}

#[test]
fn a_stale_completion_is_found() {
    let stale = overtaken().with(510, 512, complete("a", 5), Answer::Stored);
    stale.breaks("I4 stale owners change nothing");
    stale.breaks("linearizable");
    stale.breaks("one effect behind the fence");
}

#[test]
fn a_stale_release_is_found() {
    let stale = overtaken().with(510, 512, release("a", 5), Answer::Released);
    stale.with(520, 521, claim("c"), first(7)).breaks("linearizable");
    let completed = begun().with(10, 12, complete("a", 5), Answer::Stored);
    let released = completed.with(13, 14, release("a", 5), Answer::Released);
    released.with(20, 22, claim("b"), first(6)).breaks("linearizable");
}

#[test]
fn a_renewal_that_revives_is_found() {
    let revived = begun().with(10, 12, complete("a", 5), Answer::Stored).with(
        20,
        22,
        renew("a", 5),
        Answer::Renewed,
    );
    revived.breaks("I4 renewal revives nothing");
    revived.breaks("linearizable");
    overtaken()
        .with(510, 512, renew("a", 5), Answer::Renewed)
        .breaks("I4 stale owners change nothing");
}

#[test]
fn a_false_loss_is_found() {
    begun().with(10, 12, complete("a", 5), Answer::Lost { record: None }).breaks("linearizable");
    begun().with(10, 12, renew("a", 5), Answer::Lost { record: None }).breaks("linearizable");
}

#[test]
fn another_record_is_found() {
    let completed = || begun().with(10, 12, complete("a", 5), Answer::Stored);
    let other = completed().with(20, 22, claim("b"), replay("a")).with(
        23,
        24,
        claim("c"),
        Answer::Completed { record: "other".to_owned() },
    );
    other.breaks("I2 replays are the same");
    other.breaks("I2 replays are of effects");
    other.breaks("linearizable");
}

#[test]
fn a_record_without_an_effect_is_found() {
    Story::default()
        .with(0, 2, claim("a"), first(5))
        .with(10, 12, complete("a", 5), Answer::Stored)
        .breaks("one effect behind the fence");
}

#[test]
fn a_lost_record_is_found() {
    begun()
        .with(10, 12, complete("a", 5), Answer::Stored)
        .with(20, 22, claim("b"), first(6))
        .breaks("linearizable");
}

#[test]
fn a_dead_owner_in_the_way_is_found() {
    let running = begun().with(450, 452, claim("b"), Answer::Running);
    running.breaks("linearizable");
    assert_eq!(records::delays(&running.operations, 440 * MILLI).len(), 1);
    assert!(records::delays(&running.operations, 460 * MILLI).is_empty());
    // One that has not heard of its claim may have it still.
    let unknown = Story::default().unanswered(0, claim("a"));
    unknown.with(450, 452, claim("b"), Answer::Running).passes();
}

#[test]
fn transactions_are_one_step() {
    let committed =
        || Story::default().with(0, 5, transact("a"), Answer::Committed { fence: 5 }).row("a", 5);
    committed().with(6, 7, transact("b"), replay("a")).passes();
    committed()
        .with(1, 9, transact("b"), Answer::RolledBack)
        .with(10, 11, transact("c"), replay("a"))
        .passes();
    let twice = committed().with(6, 7, transact("b"), Answer::Committed { fence: 6 }).row("b", 6);
    twice.breaks("I1 one completion");
    twice.breaks("I5 effects are completions");
    committed().with(6, 7, transact("b"), replay("b")).breaks("linearizable");
}

#[test]
fn effects_without_completions_are_found() {
    const LAW: &str = "I5 effects are completions";
    let committed = Story::default().with(0, 5, transact("a"), Answer::Committed { fence: 5 });
    committed.breaks(LAW);
    let rolled_back = || Story::default().with(0, 5, transact("a"), Answer::RolledBack);
    rolled_back().row("a", 5).breaks(LAW);
    rolled_back().passes();
    let forgotten = Story::default().unanswered(0, transact("a")).row("a", 5);
    forgotten.with(10, 12, transact("b"), Answer::RolledBack).breaks(LAW);
}

#[test]
fn a_broken_answer_is_found() {
    Story::default().with(0, 1, claim("a"), Answer::Broken).breaks("no answer is broken");
}
