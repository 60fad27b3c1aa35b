use std::time::{Duration, Instant};

use super::core::Core;
use super::ticket::Ticket;
use super::trial::Answer;
use super::word::View;
use super::{Event, Mode, Open, State};
use crate::sync::lock;

/// Whether calls are let through.
impl Core {
    /// Whether a call may be made now.
    #[inline]
    pub(super) fn admit(&self) -> Result<Ticket, Open> {
        let view = self.hot.word.load();
        if view.is_closed_by_itself() {
            return Ok(Ticket::counted(view.epoch()));
        }
        self.admit_otherwise(view)
    }

    /// All but what most calls come to, and apart from it to keep that short.
    #[inline(never)]
    fn admit_otherwise(&self, view: View) -> Result<Ticket, Open> {
        match (view.mode(), view.state()) {
            (Mode::Disabled, _) => Ok(Ticket::PASS),
            (Mode::ForcedOpen, _) => Err(self.reject(State::Open, None)),
            (_, State::Closed) => Ok(Ticket::counted(view.epoch())),
            (mode, state) => self.admit_guarded(mode, state),
        }
    }

    /// The call is made now.
    #[inline]
    pub(super) fn start(&self, ticket: &mut Ticket) {
        if self.hot.rules.measure_time() {
            ticket.start(self.nanos_at(self.now()));
        }
    }

    fn admit_guarded(&self, mode: Mode, state: State) -> Result<Ticket, Open> {
        let now = self.now();
        let refused = match (state, self.wait(now)) {
            (State::Open, Some(wait)) => (State::Open, Some(wait)),
            _ => match self.ask_for_trial(now) {
                Ok(ticket) => return Ok(ticket),
                Err(refused) => refused,
            },
        };
        if mode == Mode::Shadow {
            self.audience.tell(|| Event::WouldReject(self.open(refused.0, refused.1)));
            return Ok(Ticket::PASS);
        }
        Err(self.reject(refused.0, refused.1))
    }

    /// Once the time to be open is over: whether the call may be a probe.
    fn ask_for_trial(&self, now: Instant) -> Result<Ticket, (State, Option<Duration>)> {
        let mut cold = lock(&self.cold);
        let mut view = self.hot.word.load();
        let mut change = None;
        match (view.mode(), view.state()) {
            (Mode::ForcedOpen, _) => return Err((State::Open, None)),
            (_, State::Closed) => return Ok(Ticket::counted(view.epoch())),
            (_, State::HalfOpen) => {}
            (_, State::Open) => {
                // Another thread may have opened it anew in the meantime.
                if let Some(wait) = self.wait(now) {
                    return Err((State::Open, Some(wait)));
                }
                let made = cold.try_out(view);
                self.hot.word.store(made.to);
                view = made.to;
                change = Some(made);
            }
        }
        let answer = cold.admit(now);
        let lost = cold.lost_places();
        drop(cold);
        if let Some(change) = change {
            self.tell(change);
        }
        if lost > 0 {
            self.tell_lost(view, lost);
        }
        match answer {
            Answer::Admitted(place) => Ok(Ticket::probe(view.epoch(), place)),
            Answer::Full => Err((State::HalfOpen, None)),
        }
    }

    #[cold]
    fn tell_lost(&self, view: View, probes: usize) {
        let status = view.status();
        self.audience.tell(|| Event::LeaseEnded { name: self.name.clone(), status, probes });
    }

    fn reject(&self, state: State, wait: Option<Duration>) -> Open {
        let open = self.open(state, wait);
        self.audience.tell(|| Event::Rejected(open.clone()));
        open
    }

    fn open(&self, state: State, wait: Option<Duration>) -> Open {
        Open { name: self.name.clone(), state, wait }
    }
}
