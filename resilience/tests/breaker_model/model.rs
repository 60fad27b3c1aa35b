//! A breaker without threads, epochs, or any thought of speed. Its time is in milliseconds.

use std::collections::VecDeque;

use mainstay_resilience::breaker::{Mode, State};
use mainstay_resilience::permit::DropCause;
use mainstay_resilience::window::Counts;

/// A call is slow if it takes longer.
pub(crate) const SLOW_MS: u64 = 300;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) kept: Kept,
    pub(crate) rate_tenths: Option<u32>,
    pub(crate) slow_tenths: Option<u32>,
    pub(crate) consecutive: Option<u32>,
    /// A rule of the user's: so many failed calls, slow ones and failures in a row together.
    pub(crate) trouble: Option<u32>,
    pub(crate) min_calls: u32,
    /// Whether the time to be open is [`own_time`].
    pub(crate) own_time: bool,
    pub(crate) judge: Judge,
    pub(crate) at_once: u16,
    pub(crate) lease_ms: u64,
    pub(crate) ramp_tenths: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    Calls(u16),
    /// So many tenths of a second.
    Tenths(u16),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Judge {
    Consecutive(u32),
    Rate { calls: u32, tenths: u32 },
}

/// For how long it opens, by a function of the user's.
pub(crate) fn own_time(opened: u32, backoff: u64, pushback: u64, seen: Counts, row: u32) -> u64 {
    let troubles = u64::from(seen.calls + 3 * seen.failed + 5 * seen.slow + 7 * row);
    u64::from(opened) * 300 + backoff / 4 + pushback / 2 + 11 * troubles
}

/// A call on its way.
#[derive(Debug)]
pub(crate) struct Ticket {
    generation: u64,
    /// A probe has a number.
    probe: Option<u64>,
    counts: bool,
    /// When it began, if slow calls mattered then.
    started: Option<u64>,
}

#[derive(Clone, Copy)]
struct Call {
    ended: u64,
    failed: bool,
    slow: bool,
}

pub(crate) struct Model {
    pub(crate) settings: Settings,
    pub(crate) now: u64,
    pub(crate) state: State,
    pub(crate) mode: Mode,
    pub(crate) max_pushback: u64,
    /// How long a bucket of a window of time is: a tenth of its first length.
    bucket: u64,
    generation: u64,
    calls: VecDeque<Call>,
    row: u32,
    gone: u32,
    late: u32,
    opened: u32,
    last_wait: u64,
    closed_at: u64,
    retry_at: u64,
    pushed_until: u64,
    trial: Trial,
    /// How many results came too late to count.
    pub(crate) too_late: u32,
    /// How many probes have lost their places.
    pub(crate) lost: u32,
}

struct Trial {
    /// Under what it has begun.
    settings: Settings,
    places: Vec<(u64, u64)>,
    probes: u64,
    ended: u64,
    stage: usize,
    saved: u32,
    succeeded: u32,
    failed: u32,
}

impl Trial {
    fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            places: Vec::new(),
            probes: 0,
            ended: 0,
            stage: 0,
            saved: 0,
            succeeded: 0,
            failed: 0,
        }
    }
}

impl Model {
    pub(crate) fn new(settings: Settings, max_pushback: u64) -> Self {
        let bucket = match settings.kept {
            Kept::Calls(_) => 0,
            Kept::Tenths(tenths) => u64::from(tenths) * 10,
        };
        Self {
            trial: Trial::new(&settings),
            too_late: 0,
            lost: 0,
            settings,
            now: 0,
            state: State::Closed,
            mode: Mode::Auto,
            max_pushback,
            bucket,
            generation: 0,
            calls: VecDeque::new(),
            row: 0,
            gone: 0,
            late: 0,
            opened: 0,
            last_wait: 0,
            closed_at: 0,
            retry_at: 0,
            pushed_until: 0,
        }
    }

    pub(crate) fn acquire(&mut self) -> Result<Ticket, (State, Option<u64>)> {
        match self.mode {
            Mode::Disabled => return Ok(self.ticket(None, false)),
            Mode::ForcedOpen => return Err((State::Open, None)),
            _ => {}
        }
        let refused = match self.state {
            State::Closed => return Ok(self.ticket(None, true)),
            State::Open if self.now < self.retry_at => {
                (State::Open, Some(self.retry_at - self.now))
            }
            state => {
                if state == State::Open {
                    self.go(State::HalfOpen);
                    self.trial = Trial::new(&self.settings);
                }
                match self.probe() {
                    Ok(number) => return Ok(self.ticket(Some(number), true)),
                    Err(()) => (State::HalfOpen, None),
                }
            }
        };
        if self.mode == Mode::Shadow { Ok(self.ticket(None, false)) } else { Err(refused) }
    }

    fn probe(&mut self) -> Result<u64, ()> {
        let now = self.now;
        let trial = &mut self.trial;
        if let Some(step) = trial.stage.checked_sub(1) {
            trial.saved += trial.settings.ramp_tenths[step];
            if trial.saved < 10 {
                return Err(());
            }
            trial.saved -= 10;
        } else {
            let before = trial.places.len();
            trial.places.retain(|(_, until)| *until > now);
            self.lost += u32::try_from(before - trial.places.len()).unwrap();
            if trial.places.len() >= usize::from(trial.settings.at_once) {
                return Err(());
            }
            trial.places.push((trial.probes, now + trial.settings.lease_ms));
        }
        trial.probes += 1;
        Ok(trial.probes - 1)
    }

    fn ticket(&self, probe: Option<u64>, counts: bool) -> Ticket {
        let measures = self.settings.slow_tenths.is_some();
        let started = measures.then_some(self.now);
        Ticket { generation: self.generation, probe, counts, started }
    }

    pub(crate) fn give_back(&mut self, ticket: &Ticket) {
        if let (Some(probe), true) = (ticket.probe, ticket.generation == self.generation) {
            self.trial.ended += 1;
            let before = self.trial.places.len();
            self.trial.places.retain(|(number, _)| *number != probe);
            if self.trial.places.len() == before && self.trial.stage > 0 {
                self.trial.saved = (self.trial.saved + 10).min(19);
            }
        }
    }

    /// Half of the callers that are gone count, and of the deadlines, beginning with the second.
    pub(crate) fn dropped(&mut self, ticket: &Ticket, cause: DropCause) {
        let counts = match cause {
            DropCause::Panicked | DropCause::TimedOut | DropCause::Unknown => true,
            DropCause::Deadline if ticket.counts => {
                self.late += 1;
                self.late.is_multiple_of(2)
            }
            DropCause::CallerGone if ticket.counts => {
                self.gone += 1;
                self.gone.is_multiple_of(2)
            }
            _ => false,
        };
        if counts {
            self.finish(ticket, true, None);
        } else {
            self.give_back(ticket);
        }
    }

    pub(crate) fn finish(&mut self, ticket: &Ticket, failed: bool, pushback: Option<u64>) {
        if !ticket.counts {
            return;
        }
        if ticket.generation != self.generation {
            self.too_late += 1;
            return;
        }
        if failed && let Some(wait) = pushback {
            self.pushed_until = self.pushed_until.max(self.now + wait.min(self.max_pushback));
        }
        let slow = self.settings.slow_tenths.is_some()
            && ticket.started.is_some_and(|started| self.now - started > SLOW_MS);
        if let Some(probe) = ticket.probe {
            self.trial.ended += 1;
            self.trial.places.retain(|(number, _)| *number != probe);
            self.judge_probe(failed || slow);
        } else {
            self.calls.push_back(Call { ended: self.now, failed, slow });
            if let Kept::Calls(size) = self.settings.kept {
                while self.calls.len() > usize::from(size) {
                    self.calls.pop_front();
                }
            }
            self.row = if failed { self.row + 1 } else { 0 };
            if matches!(self.mode, Mode::Auto | Mode::Shadow) && self.trips() {
                self.take_steps_back();
                self.open(self.counts(), self.row);
            }
        }
    }

    fn trips(&self) -> bool {
        let counts = self.counts();
        let rate = |part: u32, tenths: Option<u32>| {
            let reached = |tenths| part > 0 && part * 10 >= tenths * counts.calls;
            counts.calls >= self.settings.min_calls && tenths.is_some_and(reached)
        };
        let Settings { rate_tenths, slow_tenths, consecutive, trouble, .. } = self.settings;
        let rules = [rate_tenths, slow_tenths, consecutive, trouble];
        if rules.iter().all(Option::is_none) {
            // The rule of a breaker that was given none.
            let least = match self.settings.kept {
                Kept::Calls(size) => 20.min(u32::from(size)),
                Kept::Tenths(_) => 20,
            };
            return counts.calls >= least && counts.failed * 2 >= counts.calls;
        }
        rate(counts.failed, rate_tenths)
            || rate(counts.slow, slow_tenths)
            || consecutive.is_some_and(|row| self.row >= row)
            || trouble.is_some_and(|most| counts.failed + counts.slow + self.row >= most)
    }

    fn judge_probe(&mut self, failed: bool) {
        let trial = &mut self.trial;
        if failed {
            trial.failed += 1;
        } else {
            trial.succeeded += 1;
        }
        let (lost, done) = match trial.settings.judge {
            Judge::Consecutive(needed) => (trial.failed > 0, trial.succeeded >= needed),
            Judge::Rate { calls, tenths } => {
                (trial.failed * 10 >= calls * tenths, trial.succeeded + trial.failed >= calls)
            }
        };
        let (failed, calls) = (trial.failed, trial.succeeded + trial.failed);
        if lost {
            self.open(Counts { calls, failed, slow: 0 }, 0);
        } else if done && trial.stage < trial.settings.ramp_tenths.len() {
            (trial.stage, trial.saved) = (trial.stage + 1, 0);
            (trial.succeeded, trial.failed) = (0, 0);
        } else if done {
            self.go(State::Closed);
            (self.closed_at, self.pushed_until) = (self.now, 0);
        }
    }

    fn take_steps_back(&mut self) {
        let closed_for = self.now - self.closed_at;
        let steps = closed_for.checked_div(self.last_wait).unwrap_or(u64::MAX);
        self.opened = u32::try_from(u64::from(self.opened).saturating_sub(steps)).unwrap();
    }

    pub(crate) fn open_for(&mut self, wait: u64) -> bool {
        let until = self.now + wait;
        let longer =
            self.state == State::Open && self.retry_at > self.now && until <= self.retry_at;
        if wait == 0 || longer || !matches!(self.mode, Mode::Auto | Mode::Shadow) {
            return false;
        }
        if self.state == State::Closed {
            self.take_steps_back();
        }
        self.retry_at = until;
        self.go(State::Open);
        true
    }

    fn open(&mut self, seen: Counts, row: u32) {
        let backoff = (1_000_u64 << self.opened.min(10)).min(8_000);
        let pushed = self.pushed_until.saturating_sub(self.now);
        let own = if self.settings.own_time {
            own_time(self.opened, backoff, pushed, seen, row).clamp(500, 8_000)
        } else {
            backoff
        };
        self.opened += 1;
        self.last_wait = own.max(pushed);
        self.retry_at = self.now + self.last_wait;
        self.go(State::Open);
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        self.calls.clear();
        self.row = 0;
    }

    pub(crate) fn set_mode(&mut self, mode: Mode) {
        if mode == self.mode {
            return;
        }
        let decides = |mode| matches!(mode, Mode::Auto | Mode::Shadow);
        if !(decides(mode) && decides(self.mode)) {
            self.go(State::Closed);
            self.opened = 0;
            (self.closed_at, self.pushed_until) = (self.now, 0);
        }
        self.mode = mode;
    }

    pub(crate) fn resize(&mut self, size: u16) {
        self.settings.kept = match self.settings.kept {
            Kept::Calls(_) => {
                let surplus = self.calls.len().saturating_sub(usize::from(size));
                self.calls.drain(..surplus);
                Kept::Calls(size)
            }
            // At most six times the first length.
            Kept::Tenths(_) => Kept::Tenths(size.min(u16::try_from(self.bucket * 6 / 10).unwrap())),
        };
    }

    /// How many probes run, were let through, went well and not; and the step of the ramp.
    pub(crate) fn probation(&self) -> Option<(u64, u64, u32, u32, usize)> {
        let Trial { probes, ended, succeeded, failed, stage, .. } = self.trial;
        let is_half_open = self.state == State::HalfOpen;
        is_half_open.then_some((probes - ended, probes, succeeded, failed, stage))
    }

    /// Which share of the calls a ramp lets through.
    pub(crate) fn share_tenths(&self) -> Option<u32> {
        let step = self.trial.stage.checked_sub(1)?;
        (self.state == State::HalfOpen).then(|| self.trial.settings.ramp_tenths[step])
    }

    pub(crate) fn row(&self) -> u32 {
        self.row
    }

    pub(crate) fn wait(&self) -> Option<u64> {
        let left = self.retry_at.saturating_sub(self.now);
        (self.state == State::Open && left > 0).then_some(left)
    }

    pub(crate) fn counts(&self) -> Counts {
        let tick = |time: u64| time / self.bucket;
        let is_in = |call: &&Call| match self.settings.kept {
            Kept::Calls(_) => true,
            Kept::Tenths(tenths) => {
                let buckets = (u64::from(tenths) * 100).div_ceil(self.bucket);
                tick(self.now) - tick(call.ended) < buckets
            }
        };
        let count = |is: fn(&Call) -> bool| {
            u32::try_from(self.calls.iter().filter(is_in).filter(|call| is(call)).count()).unwrap()
        };
        Counts {
            calls: count(|_| true),
            failed: count(|call| call.failed),
            slow: count(|call| call.slow),
        }
    }
}
