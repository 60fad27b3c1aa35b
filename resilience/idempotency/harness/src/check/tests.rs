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
    closing: Option<u64>,
    repeats: bool,
}

impl Story {
    fn with(mut self, from: u64, until: u64, call: Call, answer: Answer) -> Self {
        let answer = Some((answer, until * MILLI));
        let latest = until * MILLI;
        let operation = Operation { call, from: from * MILLI, answer, latest, is_kept_back: false };
        self.operations.push(operation);
        self
    }

    fn unanswered(self, from: u64, call: Call) -> Self {
        self.given_up(from, u64::MAX / MILLI, call)
    }

    /// Not answered, and over by then.
    fn given_up(mut self, from: u64, latest: u64, call: Call) -> Self {
        let (from, latest) = (from * MILLI, latest * MILLI);
        let operation = Operation { call, from, answer: None, latest, is_kept_back: true };
        self.operations.push(operation);
        self
    }

    /// What comes from now on is asked when the round is over.
    fn closing(mut self) -> Self {
        self.closing = self.operations.last().map(Operation::until);
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
        check(&Evidence {
            keys,
            effects,
            rows,
            closing: self.closing.unwrap_or(u64::MAX),
            repeats: self.repeats,
        })
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
    let (key, nonce) = ("k".to_owned(), nonce.to_owned());
    let (takes_over, joins) = (true, false);
    Call::Claim { key, nonce, print: 1, lease: LEASE, keep: KEEP, takes_over, joins }
}

/// In a transaction.
fn join(mut call: Call) -> Call {
    if let Call::Claim { joins, .. } | Call::Complete { joins, .. } = &mut call {
        *joins = true;
    }
    call
}

fn claim_of_the_free(nonce: &str) -> Call {
    let mut call = claim(nonce);
    if let Call::Claim { takes_over, .. } = &mut call {
        *takes_over = false;
    }
    call
}

fn settle(nonce: &str, fence: u64) -> Call {
    Call::Settle { key: "k".into(), nonce: nonce.into(), fence }
}

fn complete(nonce: &str, fence: u64) -> Call {
    let (key, nonce) = ("k".to_owned(), nonce.to_owned());
    Call::Complete { key, fence, record: record(&nonce), nonce, keep: KEEP, joins: false }
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
    let twice = |repeats| {
        Story { repeats, ..Story::default() }
            .with(0, 900, claim("a"), first(7))
            .with(500, 502, claim("b"), taken_over(6))
            .with(503, 504, release("b", 6), Answer::Released)
    };
    twice(true).passes();
    // Or the first time was kept back, and done after the claim was given up.
    let copied = |is_kept_back| {
        let mut story = Story { repeats: true, ..begun() };
        let [begun] = &mut story.operations[..] else { panic!("it has begun") };
        (begun.latest, begun.is_kept_back) = (100 * MILLI, is_kept_back);
        let released = story.with(10, 12, release("a", 5), Answer::Released);
        released.with(20, 22, claim("b"), Answer::Running)
    };
    copied(true).passes();
    copied(false).breaks("linearizable");
    twice(false).breaks("linearizable");
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
    let busy = begun().with(3, 90, claim("b"), Answer::Busy);
    assert_eq!(records::delays(&busy.operations, u64::MAX).len(), 1);
    busy.with(80, 120, claim("c"), Answer::Running).passes();
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
    let forgotten = Story::default().given_up(0, 9, transact("a")).row("a", 5);
    forgotten.closing().with(10, 12, transact("b"), Answer::RolledBack).breaks(LAW);
}

#[test]
fn a_broken_answer_is_found() {
    Story::default().with(0, 1, claim("a"), Answer::Broken).breaks("no answer is broken");
}

#[test]
fn a_call_that_is_over_explains_nothing_any_more() {
    let over = || Story::default().given_up(0, 100, claim("a"));
    over().with(480, 490, claim("b"), Answer::Running).passes();
    over().with(510, 512, claim("b"), Answer::Running).breaks("linearizable");
    let released = over().with(10, 12, claim("b"), first(6));
    let released = released.with(13, 14, release("b", 6), Answer::Released);
    released.with(110, 112, claim("c"), Answer::Running).passes();
    // Asked again, it was done the second time.
    let again = Story::default().given_up(0, 100, claim("a")).with(110, 112, claim("b"), first(6));
    let again = again.with(113, 114, release("b", 6), Answer::Released);
    let again = again.given_up(120, 200, claim("a"));
    again.with(210, 212, claim("c"), Answer::Running).passes();
    // It was done by 100 at the latest, or never.
    let later = over().with(101, 102, claim("b"), first(6));
    let later = later.with(103, 104, release("b", 6), Answer::Released);
    later.with(110, 112, claim("c"), Answer::Running).breaks("linearizable");
}

#[test]
fn what_is_not_taken_over_is_abandoned() {
    let abandoned = |at| begun().with(at, at + 2, claim_of_the_free("b"), Answer::Abandoned);
    abandoned(401).with(500, 502, complete("a", 5), Answer::Stored).passes();
    abandoned(390).breaks("linearizable");
    begun().with(500, 502, claim_of_the_free("b"), taken_over(6)).breaks("linearizable");
    begun().with(500, 502, claim("b"), Answer::Abandoned).breaks("linearizable");
    let completed = begun().with(10, 12, complete("a", 5), Answer::Stored);
    completed.with(500, 502, claim_of_the_free("b"), Answer::Abandoned).breaks("linearizable");
}

/// Claimed in one transaction, completed in another.
#[test]
fn kept_claims_pass() {
    let kept = || Story::default().with(0, 20, join(claim("a")), first(5)).effect("a", 5);
    let completed = kept()
        .with(10, 15, claim("b"), Answer::Running)
        .with(16, 30, claim("c"), Answer::Busy)
        .with(31, 33, settle("a", 5), Answer::StillHeld)
        .with(34, 60, join(complete("a", 5)), Answer::Stored)
        .row("a", 5)
        .with(61, 62, settle("a", 5), replay("a"));
    completed.with(63, 64, claim("b"), replay("a")).passes();
    // The lease lasts since the statement, not since the commit.
    let slow = Story::default().with(0, 300, join(claim("a")), first(5));
    slow.with(401, 403, claim("b"), taken_over(6)).passes();
    let rolled_back = Story::default().with(0, 20, join(claim("a")), Answer::RolledBack);
    rolled_back.with(21, 22, claim("b"), first(6)).passes();
}

#[test]
fn a_wrong_word_on_a_transaction_is_found() {
    let kept = || Story::default().given_up(0, 20, join(claim("a"))).effect("a", 5);
    kept().with(10, 12, settle("a", 5), Answer::NotStored).passes();
    // It is there after all, at the same time or later.
    let there = kept().with(10, 12, settle("a", 5), Answer::NotStored);
    there.with(15, 17, claim("b"), Answer::Running).breaks("linearizable");
    let known = Story::default().with(0, 9, join(claim("a")), first(5));
    known.with(10, 12, settle("a", 5), Answer::NotStored).breaks("linearizable");
    let completed = || {
        let known = Story::default().with(0, 9, join(claim("a")), first(5)).effect("a", 5);
        known.with(10, 12, join(complete("a", 5)), Answer::Stored).row("a", 5)
    };
    completed().with(13, 14, settle("a", 5), replay("a")).passes();
    completed().with(13, 14, settle("a", 5), Answer::StillHeld).breaks("linearizable");
    let late = Story::default().given_up(0, 20, transact("a"));
    let late = late.with(10, 12, settle("a", 5), Answer::NotStored).row("a", 5);
    late.breaks("I5 effects are completions");
}

#[test]
fn a_row_goes_with_the_completion_of_a_kept_claim() {
    const LAW: &str = "I5 effects are completions";
    let kept = || Story::default().with(0, 9, join(claim("a")), first(5)).effect("a", 5);
    kept().with(10, 12, join(complete("a", 5)), Answer::Stored).breaks(LAW);
    let rolled_back = || kept().with(10, 12, join(complete("a", 5)), Answer::RolledBack);
    rolled_back().passes();
    rolled_back().row("a", 5).breaks(LAW);
    let unknown = kept().given_up(10, 20, join(complete("a", 5))).row("a", 5);
    unknown.closing().with(500, 502, claim("b"), taken_over(6)).breaks(LAW);
}
