//! One try with a key, under a lease.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fence, Fingerprint, Held, Nonce, Renewal, Store, StoreError,
};
use tokio::time::sleep;

use super::joined::Done;
use super::work::{Worker, key_of, name};
use crate::history::{Answer, Call, Effect};
use crate::settings::{Usage, takes_over};

/// How often a call is repeated that was not answered.
const REPEATS: u8 = 3;
/// How often a key is asked for again that another has.
pub(super) const LOOKS: u8 = 3;

/// Who has a key, and what is to be told of it.
struct Owned {
    key: u64,
    held: Held,
    record: String,
}

impl Owned {
    fn effect(&self, record: &str) -> Effect {
        Effect {
            key: name(self.key),
            fence: self.held.fence.get(),
            nonce: self.held.nonce.to_string(),
            record: record.to_owned(),
        }
    }
}

impl Worker {
    /// Claims, has an effect and completes; or dies on the way, comes late, or gives it up.
    pub(super) async fn attempt(&mut self, key: u64) -> io::Result<()> {
        let print = u8::from(self.dice.in_hundred(97));
        let Some(held) = self.claim(key, print).await? else { return Ok(()) };
        let owned = Owned { key, held, record: self.dice.bytes() };
        if print == 0 || self.dice.in_hundred(6) {
            return self.release(&owned).await;
        }
        if self.dice.in_hundred(6) || !self.prepare(&owned).await? {
            return Ok(());
        }
        self.effect(&owned)?;
        if self.dice.in_hundred(5) {
            return Ok(());
        }
        if self.dawdle(8).await && self.dice.in_hundred(40) {
            // Late, and giving it up all the same.
            return self.release(&owned).await;
        }
        match self.complete(&owned, &owned.record).await? {
            Some(Answer::Stored) => self.afterwards(&owned, 25).await,
            Some(_) => self.afterwards(&owned, 60).await,
            None => Ok(()),
        }
    }

    /// When the round is over: whether the key can be had.
    pub(super) async fn look(&mut self, key: u64) -> io::Result<()> {
        let Some(held) = self.claim(key, 1).await? else { return Ok(()) };
        self.release(&Owned { key, held, record: String::new() }).await
    }

    /// Asks until it is answered, and a little longer if another has it.
    async fn claim(&mut self, key: u64, print: u8) -> io::Result<Option<Held>> {
        let claim = Claim {
            key: key_of(key),
            fingerprint: Fingerprint::of([&[print][..]]),
            nonce: Nonce::unique(),
            lease: Duration::from_micros(self.orders.pace.lease),
            keep: Duration::from_micros(self.orders.keep(key)),
            takes_over: takes_over(key),
        };
        let joins = self.joins(key);
        let (mut repeats, mut looks) = (0, 0);
        loop {
            match self.claim_once(key, print, &claim, joins).await? {
                // As if the answer had been lost.
                Some(Answer::First { .. }) if repeats == 0 && self.dice.in_hundred(8) => {
                    repeats += 1;
                }
                Some(Answer::First { fence, taken_over }) => {
                    let (key, nonce, fence) = (claim.key, claim.nonce, Fence::new(fence));
                    return Ok(Some(Held { key, nonce, fence, taken_over }));
                }
                Some(Answer::Running) if self.orders.is_closing => return Ok(None),
                Some(Answer::Running | Answer::Busy | Answer::RolledBack | Answer::Failed)
                    if looks < LOOKS =>
                {
                    looks += 1;
                    sleep(self.dice.millis(5, 150)).await;
                }
                None if repeats < REPEATS
                    && (self.orders.is_closing || self.dice.in_hundred(85)) =>
                {
                    repeats += 1;
                    sleep(self.dice.millis(0, 200)).await;
                }
                _ => return Ok(None),
            }
        }
    }

    async fn claim_once(
        &mut self,
        key: u64,
        print: u8,
        claim: &Claim,
        joins: bool,
    ) -> io::Result<Option<Answer>> {
        let call = Call::Claim {
            key: name(key),
            nonce: claim.nonce.to_string(),
            print,
            lease: self.orders.pace.lease,
            keep: self.orders.keep(key),
            takes_over: claim.takes_over,
            joins,
        };
        if joins {
            return self.join(key, call, claim).await;
        }
        let asking =
            async { self.target.store.claim(claim).await.map(|it| claimed(it, claim.lease)) };
        self.recorder.ask(&mut self.dice, call, asking).await
    }

    /// In a transaction. Where that is not answered, and now and then where it is, asks what has
    /// become of it.
    async fn join(&mut self, key: u64, call: Call, claim: &Claim) -> io::Result<Option<Answer>> {
        let Some(open) = self.target.open().await else { return Ok(None) };
        let rolls_back = self.dice.in_hundred(6);
        let mut kept = None;
        let asking = open.join(claim, rolls_back, &mut kept);
        let answer = self.recorder.ask(&mut self.dice, call, asking).await?;
        let asks = self.dice.in_hundred(if answer.is_none() { 80 } else { 15 });
        if let Some(held) = kept
            && asks
        {
            self.settle(key, &held).await?;
        }
        Ok(answer)
    }

    /// Whether what is done next with the key is done in a transaction: mostly, where it may be.
    fn joins(&mut self, key: u64) -> bool {
        let may_join = self.orders.usage(key) == Usage::Kept && !self.orders.is_closing;
        may_join && self.dice.in_hundred(80)
    }

    /// Works for a while, mostly short and sometimes for longer than the lease, and renews or not.
    /// False if the claim is lost and the worker minds.
    async fn prepare(&mut self, owned: &Owned) -> io::Result<bool> {
        self.dawdle(8).await;
        if owned.held.taken_over && self.dice.in_hundred(70) {
            // Time for the one before to come back.
            sleep(self.dice.millis(0, self.orders.pace.lease * 4 / 5000)).await;
        }
        while self.dice.in_hundred(25) {
            let lost = Some(Answer::Lost { record: None });
            if self.renew(owned).await? == lost && self.dice.in_hundred(60) {
                return Ok(false);
            }
            sleep(self.dice.millis(0, self.orders.pace.lease / 2500)).await;
        }
        Ok(true)
    }

    /// So many times in a hundred for longer than the lease, and then true. Not much longer, so as
    /// to come back when the next one is at it.
    async fn dawdle(&mut self, hundredths: u8) -> bool {
        let lease = self.orders.pace.lease / 1000;
        let is_long = self.dice.in_hundred(hundredths);
        let (least, most) = if is_long { (lease, lease * 8 / 5) } else { (0, 12) };
        sleep(self.dice.millis(least, most)).await;
        is_long
    }

    fn effect(&mut self, owned: &Owned) -> io::Result<()> {
        self.ledger.append(&owned.effect(&owned.record))
    }

    async fn complete(&mut self, owned: &Owned, record: &str) -> io::Result<Option<Answer>> {
        let mut repeats = 0;
        loop {
            let answer = self.complete_once(owned, record).await?;
            let is_open = matches!(answer, None | Some(Answer::Failed));
            if !is_open || repeats == REPEATS || self.dice.in_hundred(10) {
                return Ok(answer);
            }
            repeats += 1;
            sleep(self.dice.millis(0, 200)).await;
        }
    }

    async fn complete_once(&mut self, owned: &Owned, record: &str) -> io::Result<Option<Answer>> {
        let keep = self.orders.keep(owned.key);
        let joins = self.joins(owned.key);
        let call = Call::Complete {
            key: name(owned.key),
            nonce: owned.held.nonce.to_string(),
            fence: owned.held.fence.get(),
            record: record.to_owned(),
            keep,
            joins,
        };
        if joins {
            return self.complete_in(owned, record, call).await;
        }
        let bytes = Bytes::from(crate::hex::decode(record));
        let asking = async {
            let keep = Duration::from_micros(keep);
            self.target.store.complete(&owned.held, bytes, keep).await.map(completed)
        };
        self.recorder.ask(&mut self.dice, call, asking).await
    }

    /// In a transaction, and asks what has become of that as [`join`](Self::join) does.
    async fn complete_in(
        &mut self,
        owned: &Owned,
        record: &str,
        call: Call,
    ) -> io::Result<Option<Answer>> {
        let Some(open) = self.target.open().await else { return Ok(None) };
        let keep = Duration::from_micros(self.orders.keep(owned.key));
        let effect = owned.effect(record);
        let asking = open.complete(Done { held: &owned.held, effect: &effect, keep });
        let answer = self.recorder.ask(&mut self.dice, call, asking).await?;
        if self.dice.in_hundred(if answer.is_none() { 80 } else { 10 }) {
            let settled = self.settle(owned.key, &owned.held).await?;
            if answer.is_none() && matches!(settled, Some(Answer::Completed { .. })) {
                return Ok(Some(Answer::Stored));
            }
        }
        Ok(answer)
    }

    /// What one has no business to do that is not the owner any more, and must not change anything:
    /// each so many times in a hundred.
    async fn afterwards(&mut self, owned: &Owned, hundredths: u8) -> io::Result<()> {
        if self.dice.in_hundred(hundredths) {
            self.renew(owned).await?;
        }
        if self.dice.in_hundred(hundredths) {
            self.release(owned).await?;
        }
        if self.dice.in_hundred(hundredths) {
            let other = self.dice.bytes();
            self.complete_once(owned, &other).await?;
        }
        Ok(())
    }

    async fn renew(&mut self, owned: &Owned) -> io::Result<Option<Answer>> {
        let lease = self.orders.pace.lease;
        let call = Call::Renew {
            key: name(owned.key),
            nonce: owned.held.nonce.to_string(),
            fence: owned.held.fence.get(),
            lease,
        };
        let asking = async {
            let renewal =
                self.target.store.renew(&owned.held, Duration::from_micros(lease)).await?;
            Ok(match renewal {
                Renewal::Renewed => Answer::Renewed,
                Renewal::Lost => Answer::Lost { record: None },
            })
        };
        self.recorder.ask(&mut self.dice, call, asking).await
    }

    async fn release(&mut self, owned: &Owned) -> io::Result<()> {
        let call = Call::Release {
            key: name(owned.key),
            nonce: owned.held.nonce.to_string(),
            fence: owned.held.fence.get(),
        };
        let asking = async {
            self.target.store.release(&owned.held).await?;
            Ok::<_, StoreError>(Answer::Released)
        };
        self.recorder.ask(&mut self.dice, call, asking).await?;
        Ok(())
    }
}

/// Of no lease is more left than it is long: then something else was in the way.
fn claimed(claimed: Claimed, lease: Duration) -> Answer {
    match claimed {
        Claimed::First(Held { fence, taken_over, .. }) => {
            Answer::First { fence: fence.get(), taken_over }
        }
        Claimed::Completed(record) => Answer::Completed { record: crate::hex::encode(&record) },
        Claimed::Running { left } if left > lease => Answer::Busy,
        Claimed::Running { .. } => Answer::Running,
        Claimed::Abandoned => Answer::Abandoned,
        Claimed::Reused => Answer::Reused,
    }
}

fn completed(completion: Completion) -> Answer {
    match completion {
        Completion::Stored => Answer::Stored,
        Completion::Lost(record) => {
            Answer::Lost { record: record.map(|record| crate::hex::encode(&record)) }
        }
    }
}
