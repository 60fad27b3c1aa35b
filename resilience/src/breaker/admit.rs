use std::time::Instant;

use super::core::Core;
use super::error::Refusal;
use super::ticket::Ticket;
use super::trial::Answer;
use super::word::View;
use super::{Event, Mode, Open, State};
use crate::sync::lock;

/// Whether calls are let through.
impl Core {
    /// Whether a call may be made now.
    #[inline]
    pub(super) fn admit(&self) -> Result<Ticket, Refusal> {
        let view = self.hot.word.load();
        if view.is_closed_by_itself() {
            return Ok(Ticket::counted(view.epoch()));
        }
        self.admit_otherwise(view)
    }

    /// The rejection for who made the call.
    #[inline]
    pub(super) fn open(&self, refusal: Refusal) -> Open {
        Open { name: self.name.clone(), refusal }
    }

    /// The call is made now.
    #[inline]
    pub(super) fn start(&self, ticket: &mut Ticket) {
        if self.hot.rules.measure_time() {
            ticket.start(self.nanos_at(self.now()));
        }
    }

    /// All but what most calls come to, and apart from that to keep it short.
    #[inline(never)]
    fn admit_otherwise(&self, view: View) -> Result<Ticket, Refusal> {
        if view.is_open_by_itself() {
            return self.admit_open().map_err(|refusal| self.refuse(refusal));
        }
        let (mode, state) = (view.mode(), view.state());
        let answer = match (mode, state) {
            (Mode::Disabled, _) => Ok(Ticket::PASS),
            (Mode::ForcedOpen, _) => Err(Refusal::new(State::Open, 0)),
            (_, State::Closed) => Ok(Ticket::counted(view.epoch())),
            (_, State::Open) => self.admit_open(),
            (_, State::HalfOpen) => self.ask_for_trial(self.now()),
        };
        match answer {
            Err(refusal) if mode == Mode::Shadow => {
                self.audience.tell(|| Event::WouldReject(self.open(refusal)));
                Ok(Ticket::PASS)
            }
            Err(refusal) => Err(self.refuse(refusal)),
            admitted => admitted,
        }
    }

    #[inline]
    fn admit_open(&self) -> Result<Ticket, Refusal> {
        let now = self.now();
        match self.wait(now) {
            0 => self.ask_for_trial(now),
            wait => Err(Refusal::new(State::Open, wait)),
        }
    }

    #[inline]
    fn refuse(&self, refusal: Refusal) -> Refusal {
        self.audience.tell(|| Event::Rejected(self.open(refusal)));
        refusal
    }

    /// Once the time to be open is over: whether the call may be a probe.
    #[inline(never)]
    fn ask_for_trial(&self, now: Instant) -> Result<Ticket, Refusal> {
        let mut cold = lock(&self.cold);
        let mut view = self.hot.word.load();
        let mut change = None;
        match (view.mode(), view.state()) {
            (Mode::ForcedOpen, _) => return Err(Refusal::new(State::Open, 0)),
            (_, State::Closed) => return Ok(Ticket::counted(view.epoch())),
            (_, State::HalfOpen) => {}
            (_, State::Open) => {
                // Another thread may have opened it anew in the meantime.
                let wait = self.wait(now);
                if wait > 0 {
                    return Err(Refusal::new(State::Open, wait));
                }
                let made = cold.try_out(view);
                self.hot.word.store(made.to);
                view = made.to;
                change = Some(made);
            }
        }
        let (answer, lost) = cold.admit(now);
        drop(cold);
        if let Some(change) = change {
            self.tell(change);
        }
        if lost > 0 {
            self.tell_lost(view, lost);
        }
        match answer {
            Answer::Admitted(place) => Ok(Ticket::probe(view.epoch(), place)),
            Answer::Full => Err(Refusal::new(State::HalfOpen, 0)),
        }
    }

    #[cold]
    fn tell_lost(&self, view: View, probes: usize) {
        let status = view.status();
        self.audience.tell(|| Event::LeaseEnded { name: self.name.clone(), status, probes });
    }
}
