use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;
use tokio::task::{JoinHandle, block_in_place, spawn_blocking};
use tokio::time::sleep;

use super::proxy::Proxy;
use super::server::Server;
use super::workers::Workers;
use super::{Failed, Settings, Summary};
use crate::history::{Delays, Span, micros};

/// What does harm, by chance and yet evenly: all kinds of it come in turn, in another order each
/// time.
pub(super) struct Nemesis {
    random: Rng,
    workers: Workers,
    /// Those that are stopped, since when, and until when.
    paused: Vec<(usize, u64, u64)>,
    proxy: Option<Proxy>,
    server: Arc<Mutex<Server>>,
    crash: Option<JoinHandle<Result<Span, Failed>>>,
    delays: Delays,
    lease: u64,
    summary: Summary,
}

#[derive(Clone, Copy)]
enum Harm {
    Kill,
    Pause,
    Cut,
    KeepBack,
    LoseCommits,
}

/// All, those more often of which less comes.
const ALL: [Harm; 7] = [
    Harm::Kill,
    Harm::Pause,
    Harm::Cut,
    Harm::KeepBack,
    Harm::Cut,
    Harm::LoseCommits,
    Harm::LoseCommits,
];

impl Nemesis {
    pub(super) fn new(
        settings: &Settings,
        workers: Workers,
        proxy: Option<Proxy>,
        server: Arc<Mutex<Server>>,
    ) -> Self {
        Self {
            random: Rng::with_seed(settings.seed),
            workers,
            paused: Vec::new(),
            proxy,
            server,
            crash: None,
            delays: Delays::default(),
            lease: settings.pace().lease,
            summary: Summary::of(settings),
        }
    }

    /// Until then; and lets all end that goes on.
    pub(super) async fn rage(mut self, until: u64) -> Result<(Summary, Delays), Failed> {
        let begun = micros();
        let mut crashes = crashes(begun, until).into_iter().peekable();
        let mut next = Vec::new();
        while micros() < until {
            let millis = self.random.u64(20..120);
            self.sleep(millis).await;
            self.resume(micros())?;
            if crashes.next_if(|at| *at <= micros()).is_some() {
                self.crash().await?;
            }
            if next.is_empty() {
                next = ALL.to_vec();
                self.random.shuffle(&mut next);
            }
            if let Some(harm) = next.pop() {
                self.harm(harm)?;
            }
        }
        self.end().await
    }

    /// And sees how much longer it takes.
    async fn sleep(&mut self, millis: u64) {
        let begun = micros();
        sleep(Duration::from_millis(millis)).await;
        let late = (micros() - begun).saturating_sub(millis * 1000);
        self.delays.oversleep = self.delays.oversleep.max(late);
    }

    fn harm(&mut self, harm: Harm) -> Result<(), Failed> {
        match (harm, &self.proxy) {
            (Harm::Kill, _) => self.kill(),
            (Harm::Pause, _) => self.pause(),
            (Harm::Cut, Some(proxy)) => {
                let after = self.random.u64(0..12);
                proxy.cut(self.random.u64(1..4), after);
                Ok(())
            }
            (Harm::KeepBack, Some(proxy)) => {
                let millis = self.random.u64(10..2 * self.lease / 1000);
                proxy.keep_back(self.random.u64(1..4), millis);
                Ok(())
            }
            (Harm::LoseCommits, Some(proxy)) => {
                let millis = self.random.u64(1..self.lease / 1000);
                proxy.lose_commits(self.random.u64(2..5), millis);
                Ok(())
            }
            (Harm::Cut | Harm::KeepBack | Harm::LoseCommits, None) => Ok(()),
        }
    }

    fn kill(&mut self) -> Result<(), Failed> {
        let at = self.random.usize(..self.workers.len());
        self.workers.kill(at)?;
        self.paused.retain(|(paused, ..)| *paused != at);
        self.summary.kills += 1;
        Ok(())
    }

    /// For longer than the lease, and half of the workers at the most.
    fn pause(&mut self) -> Result<(), Failed> {
        let at = self.random.usize(..self.workers.len());
        let is_paused = self.paused.iter().any(|(paused, ..)| *paused == at);
        if is_paused || self.paused.len() * 2 >= self.workers.len() {
            return Ok(());
        }
        let from = micros();
        self.workers.signal(at, Signal::STOP)?;
        let until = from + self.random.u64(self.lease..3 * self.lease);
        self.paused.push((at, from, until));
        self.summary.pauses += 1;
        Ok(())
    }

    /// Those whose time has come.
    fn resume(&mut self, now: u64) -> Result<(), Failed> {
        let (due, paused) = self.paused.iter().partition(|(_, _, until)| *until <= now);
        self.paused = paused;
        let due: Vec<(usize, u64, u64)> = due;
        for (at, from, _) in due {
            self.workers.signal(at, Signal::CONT)?;
            self.delays.pauses.push((self.workers.name(at), Span { from, until: micros() }));
        }
        Ok(())
    }

    /// Kills the server and starts it again, beside all else.
    async fn crash(&mut self) -> Result<(), Failed> {
        if self.proxy.is_none() {
            return Ok(());
        }
        self.crashed().await?;
        let server = self.server.clone();
        self.summary.restarts += 1;
        self.crash = Some(spawn_blocking(move || {
            let from = micros();
            server.lock().unwrap_or_else(PoisonError::into_inner).crash()?;
            Ok(Span { from, until: micros() })
        }));
        Ok(())
    }

    /// Waits until the server is there again.
    async fn crashed(&mut self) -> Result<(), Failed> {
        if let Some(crash) = self.crash.take() {
            self.delays.crashes.push(crash.await??);
        }
        Ok(())
    }

    async fn end(mut self) -> Result<(Summary, Delays), Failed> {
        self.resume(u64::MAX)?;
        self.crashed().await?;
        let Self { workers, proxy, mut summary, mut delays, .. } = self;
        delays.deaths = block_in_place(|| workers.end());
        if let Some(proxy) = proxy {
            (summary.cuts, summary.delays) = (proxy.cuts(), proxy.delays());
            summary.commits = proxy.commits();
            delays.kept_back = proxy.spans();
        }
        Ok((summary, delays))
    }
}

/// When the server crashes: every five seconds, and at least once.
fn crashes(begun: u64, until: u64) -> Vec<u64> {
    const EVERY: u64 = 5_000_000;
    let length = until - begun;
    let count = (length / EVERY).max(1);
    (0..count).map(|crash| begun + length * (2 * crash + 1) / (2 * count)).collect()
}
