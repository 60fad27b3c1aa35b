use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mainstay_testkit::servers::wait_until;
use rustix::process::{Pid, Signal, kill_process};

use super::Failed;
use crate::history::micros;
use crate::settings::Orders;

/// The workers of a round. One that dies has a successor at once.
pub(super) struct Workers {
    program: PathBuf,
    orders: Orders,
    at_work: Vec<Worker>,
    /// How many there have been.
    started: u64,
    deaths: BTreeMap<String, u64>,
}

/// A process and its name. It is killed when this is dropped.
pub(super) struct Worker(Child, String);

/// How long a worker may take to end when the round is over.
const END: Duration = Duration::from_secs(8);
/// How long asking for all keys may take.
const CLOSING: Duration = Duration::from_mins(2);

impl Workers {
    pub(super) fn start(program: &Path, orders: &Orders, count: usize) -> Result<Self, Failed> {
        let (program, orders) = (program.to_owned(), orders.clone());
        let mut workers =
            Self { program, orders, at_work: Vec::new(), started: 0, deaths: BTreeMap::new() };
        for _ in 0..count {
            let worker = workers.another()?;
            workers.at_work.push(worker);
        }
        Ok(workers)
    }

    /// One alone, with these orders.
    pub(super) fn start_one(program: &Path, orders: &Orders) -> Result<Worker, Failed> {
        let mut command = Command::new(program);
        let mut child =
            command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        // Not as an argument: the password of the server is in it.
        if let Some(input) = child.stdin.take() {
            serde_json::to_writer(input, orders)?;
        }
        Ok(Worker(child, orders.name.clone()))
    }

    fn another(&mut self) -> Result<Worker, Failed> {
        self.started += 1;
        let orders = Orders {
            name: format!("worker-{}", self.started),
            seed: self.orders.seed.wrapping_mul(1009).wrapping_add(self.started),
            ..self.orders.clone()
        };
        Self::start_one(&self.program, &orders)
    }

    pub(super) fn len(&self) -> usize {
        self.at_work.len()
    }

    /// Ends it as a crash would, and starts another in its place.
    pub(super) fn kill(&mut self, at: usize) -> Result<(), Failed> {
        let successor = self.another()?;
        if let Some(worker) = self.at_work.get_mut(at) {
            let name = worker.1.clone();
            // The one before is dropped.
            *worker = successor;
            self.deaths.insert(name, micros());
        }
        Ok(())
    }

    pub(super) fn name(&self, at: usize) -> String {
        self.at_work.get(at).map(|worker| worker.1.clone()).unwrap_or_default()
    }

    pub(super) fn signal(&self, at: usize, signal: Signal) -> io::Result<()> {
        match self.at_work.get(at) {
            Some(Worker(child, _)) => Ok(kill_process(Pid::from_child(child), signal)?),
            None => Ok(()),
        }
    }

    /// Waits for all, which know when the round is over, and says when each was seen to be dead.
    /// Blocks.
    pub(super) fn end(mut self) -> BTreeMap<String, u64> {
        let all = &mut self.at_work;
        wait_until(END, || all.iter_mut().all(Worker::has_ended).then_some(()));
        let names: Vec<String> = all.drain(..).map(|worker| worker.1.clone()).collect();
        self.deaths.extend(names.into_iter().map(|name| (name, micros())));
        self.deaths
    }
}

impl Worker {
    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Waits until it has done what it was told to do. Blocks.
    pub(super) fn end(mut self) -> Result<(), Failed> {
        match wait_until(CLOSING, || self.0.try_wait().transpose()).transpose()? {
            Some(status) if status.success() => Ok(()),
            _ => Err("the store does not answer when the round is over".into()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail only where it has been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
