use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::time::Duration;

use mainstay_idempotency::{Fingerprint, Key};
use tokio::time::sleep;

use super::attempt::LOOKS;
use super::dice::Dice;
use super::recorder::Recorder;
use super::target::Target;
use crate::history::{Answer, HistoryFile, Ledger, micros};
use crate::settings::{Orders, Usage};

/// A worker at work.
pub(super) struct Worker {
    pub(super) orders: Orders,
    pub(super) dice: Dice,
    pub(super) recorder: Recorder,
    pub(super) ledger: Ledger,
    pub(super) target: Target,
    /// How often each key was tried.
    tries: HashMap<u64, u8>,
}

/// How often a worker tries one key: the checker can look at some fifty operations of one, of all
/// workers together.
const TRIES: u8 = 2;

/// Works, in a process of its own, as it is told on its standard input, until the round is over or
/// it is killed.
pub fn work() -> Result<(), Box<dyn Error + Send + Sync>> {
    end_with_parent()?;
    let orders: Orders = serde_json::from_reader(io::stdin())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let Some(mut worker) = Worker::new(orders).await? else { return Ok(()) };
        if worker.orders.is_closing { worker.close().await } else { worker.run().await }
    })
}

impl Worker {
    /// `None` if the round is over before there is a store.
    async fn new(orders: Orders) -> Result<Option<Self>, Box<dyn Error + Send + Sync>> {
        let recorder = Recorder::new(HistoryFile::create(&orders.folder, &orders.name)?);
        let ledger = Ledger::open(&orders.folder)?;
        let dice = Dice::new(orders.seed);
        let target = loop {
            match Target::connect(&orders.store).await {
                Ok(target) => break target,
                Err(error) if orders.is_closing => return Err(error),
                Err(_) if micros() > orders.until => return Ok(None),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        Ok(Some(Self { orders, dice, recorder, ledger, target, tries: HashMap::new() }))
    }

    async fn run(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        while micros() < self.orders.until {
            if self.dice.in_hundred(3) {
                self.target.sweep().await;
            }
            match self.next_key() {
                Some(key) => match self.orders.usage(key) {
                    Usage::Transacted => drop(self.transact(key, false).await?),
                    Usage::Leased | Usage::Kept => self.attempt(key).await?,
                },
                None => sleep(Duration::from_millis(5)).await,
            }
        }
        Ok(())
    }

    /// Asks for each key once.
    async fn close(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let keys = self.orders.pace.keys(self.orders.until - self.orders.begun);
        for key in 0..keys {
            match self.orders.usage(key) {
                Usage::Transacted => self.look_in_transaction(key).await?,
                Usage::Leased | Usage::Kept => self.look(key).await?,
            }
        }
        Ok(())
    }

    /// Again where something was in the way.
    async fn look_in_transaction(&mut self, key: u64) -> io::Result<()> {
        for _ in 0..LOOKS {
            let answer = self.transact(key, true).await?;
            if !matches!(answer, None | Some(Answer::Failed | Answer::Running)) {
                break;
            }
        }
        Ok(())
    }

    /// One of the newest half of the time, so that workers meet, else any of those in use.
    fn next_key(&mut self) -> Option<u64> {
        let pace = self.orders.pace;
        let keys = pace.keys(micros().saturating_sub(self.orders.begun));
        let reach = if self.dice.in_hundred(50) { 3 } else { pace.window };
        let key = (keys - 1).saturating_sub(self.dice.below(reach));
        let tries = self.tries.entry(key).or_default();
        *tries += 1;
        (*tries <= TRIES).then_some(key)
    }
}

/// A worker that is stopped would stay for ever when its round is broken off.
#[cfg(target_os = "linux")]
fn end_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Only Linux can be told so.
#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> io::Result<()> {
    Ok(())
}

/// How a key is called in histories.
pub(super) fn name(key: u64) -> String {
    format!("key-{key}")
}

/// A digest of that, so that keys are no neighbours.
pub(super) fn key_of(key: u64) -> Key {
    let digest = Fingerprint::of([name(key).as_bytes()]).to_bytes();
    Key::from_bytes(digest.last_chunk().copied().unwrap_or_default())
}
