use std::fmt;

use super::{Settings, StoreKind};
use crate::check::{Evidence, Verdict, Violation};
use crate::history::{Answer, Call, Operation};

/// What a round was, and what it has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Of which store.
    pub store: StoreKind,
    /// What another of the same kind is begun with.
    pub seed: u64,
    /// How many keys were used.
    pub keys: usize,
    /// Calls to the store.
    pub operations: usize,
    /// Those of them that were not answered.
    pub unanswered: usize,
    /// Claims that were granted.
    pub grants: usize,
    /// Claims that were taken over from another.
    pub takeovers: usize,
    /// Completions that were acknowledged, those in a transaction among them.
    pub completions: usize,
    /// Completions in a transaction that were acknowledged.
    pub transactions: usize,
    /// Completions of claims that were kept from an earlier transaction, in one of their own.
    pub kept: usize,
    /// Transactions that were asked about, and of which something is known since.
    pub settled: usize,
    /// Claims that were not taken over although their lease had ended.
    pub abandoned: usize,
    /// Claims that were answered with the record of another.
    pub replays: usize,
    /// Calls of owners that had lost the claim.
    pub lost: usize,
    /// Workers that were killed.
    pub kills: u64,
    /// Workers that were stopped for longer than the lease, and went on.
    pub pauses: u64,
    /// Connections that were cut in the middle of an answer.
    pub cuts: u64,
    /// Commits that cut their connection: lost, kept back, or with their answer lost.
    pub commits: u64,
    /// Requests that were kept back, some for longer than the lease.
    pub delays: u64,
    /// Times that the server was killed and started again.
    pub restarts: u64,
    /// Laws that were broken.
    pub violations: Vec<Violation>,
    /// Keys on which linearizability was not decided.
    pub undecided: usize,
}

impl Summary {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            store: settings.store,
            seed: settings.seed,
            keys: 0,
            operations: 0,
            unanswered: 0,
            grants: 0,
            takeovers: 0,
            completions: 0,
            transactions: 0,
            kept: 0,
            settled: 0,
            abandoned: 0,
            replays: 0,
            lost: 0,
            kills: 0,
            pauses: 0,
            cuts: 0,
            commits: 0,
            delays: 0,
            restarts: 0,
            violations: Vec::new(),
            undecided: 0,
        }
    }

    pub(super) fn count(&mut self, evidence: &Evidence) {
        self.keys = evidence.keys.len();
        for operation in evidence.keys.values().flatten() {
            self.count_one(operation);
        }
    }

    fn count_one(&mut self, operation: &Operation) {
        self.operations += 1;
        match operation.said() {
            None => self.unanswered += 1,
            Some(Answer::First { taken_over, .. }) => {
                self.grants += 1;
                self.takeovers += usize::from(*taken_over);
            }
            Some(Answer::Stored) => {
                self.completions += 1;
                self.kept += usize::from(operation.call.joins());
            }
            Some(Answer::Committed { .. }) => {
                self.completions += 1;
                self.transactions += 1;
            }
            Some(_) if matches!(operation.call, Call::Settle { .. }) => self.settled += 1,
            Some(Answer::Abandoned) => self.abandoned += 1,
            Some(Answer::Completed { .. }) => self.replays += 1,
            Some(Answer::Lost { .. }) => self.lost += 1,
            Some(_) => {}
        }
    }

    pub(super) fn judge(&mut self, verdict: Verdict) {
        self.violations = verdict.violations;
        self.undecided = verdict.undecided;
    }
}

/// Two lines, and all violations; the history of each key stands once.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, seed, keys, operations, unanswered, grants, takeovers, .. } = self;
        let Self { completions, transactions, kept, settled, abandoned, .. } = self;
        let Self { replays, lost, undecided, .. } = self;
        let Self { kills, pauses, cuts, commits, delays, restarts, .. } = self;
        writeln!(
            f,
            "{store:?}, seed {seed}: {keys} keys, {operations} operations ({unanswered} \
             unanswered), {grants} grants ({takeovers} taken over), {completions} completions \
             ({transactions} in one transaction, {kept} of kept claims), {replays} replays, {lost} \
             lost, {abandoned} abandoned, {settled} settled"
        )?;
        let violations = self.violations.len();
        writeln!(
            f,
            "{kills} kills, {pauses} pauses, {cuts} cuts, {commits} lost commits, {delays} delays, {restarts} restarts: \
             {violations} violations, {undecided} undecided"
        )?;
        let mut last = None;
        for violation in &self.violations {
            if last.is_some_and(|last: &Violation| last.key != violation.key) {
                history(f, last)?;
            }
            writeln!(f, "{violation}")?;
            last = Some(violation);
        }
        history(f, last)
    }
}

fn history(f: &mut fmt::Formatter<'_>, of: Option<&Violation>) -> fmt::Result {
    of.map_or(Ok(()), |violation| f.write_str(&violation.history))
}
