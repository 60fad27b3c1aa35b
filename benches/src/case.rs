use std::cell::RefCell;
use std::fmt;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

/// Cases that belong together, and are run together.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// The first part of each id, and the name of the bench.
    pub name: &'static str,
    /// The cases, in the order of the report.
    pub cases: &'static [Case],
}

/// One thing to do, and all who do it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The second part of the id.
    pub name: &'static str,
    /// What is done, for the reader of the report.
    pub what: &'static str,
    /// Which kinds of bench measure it.
    pub kinds: Kinds,
    /// What was promised of `mainstay` here.
    pub goals: &'static [Goal],
    /// Panics unless all contenders come to the same result. It runs before each measurement.
    pub check_same_work: fn(),
    /// All who do it: the floor, then ours, then the peers.
    pub contenders: &'static [Contender],
}

/// One who does it.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// The last part of the id: [`MAINSTAY`], the name of a peer's crate, or [`FLOOR`].
    pub who: &'static str,
    /// Makes what lives longer than one operation, such as a buffer or a service.
    pub prepare: fn() -> Operation,
}

/// Which kinds of bench measure a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Time, instructions and allocations.
    All,
    /// Time alone: what two threads do to each other is in none of the others.
    Time,
    /// What the clients of a server get: the time of an operation, and how long the unlucky wait.
    Served,
}

/// A thing to do, as many times as it is told.
pub struct Operation {
    /// The loop is inside, so that the call through the pointer is paid once for all rounds.
    rounds: Box<dyn FnMut(u64)>,
    between: Option<Box<dyn FnMut()>>,
    waits: Rc<RefCell<Vec<Duration>>>,
    flushes: Option<Box<dyn FnMut() -> u64>>,
}

/// What a case promises of `mainstay`. A ratio of time has to hold in instructions as well.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most so many allocations in one operation.
    Allocations(u64),
    /// At most so many allocations more than the floor.
    AllocationsOverFloor(u64),
    /// At most this part of the best peer's time, and of the best peer's instructions.
    OfBestPeer(f64),
    /// At most this part of what this peer takes.
    OfPeer(&'static str, f64),
    /// At most so many times the floor's time.
    OfFloor(f64),
    /// At most so many nanoseconds.
    Nanos(f64),
    /// At most so many nanoseconds more than the floor.
    NanosOverFloor(f64),
    /// At most so many nanoseconds more than our own time in another case of the area, beyond
    /// what the floors of the two differ by.
    NanosOverCase(&'static str, f64),
    /// Slower than in another case of the area by at most so many times what the floor is.
    SlowsLikeFloor(&'static str, f64),
    /// At most so many times our own instructions in another case of the area.
    OfCase(&'static str, f64),
    /// At least this part of the operations that the floor does in the same time.
    RateOfFloor(f64),
    /// At least this part of the operations that we do in the same time in another case of the
    /// area.
    RateOfCase(&'static str, f64),
    /// Of a hundred operations the second longest takes at most so many times the floor's.
    LongestOfFloor(f64),
}

/// Who this workspace is, as a contender.
pub const MAINSTAY: &str = "mainstay";

/// What the work costs by hand, as a contender.
pub const FLOOR: &str = "floor";

/// The operation that does `once` again and again. What it returns is neither optimised away nor
/// kept: its destructor is part of the operation.
pub fn operation<R>(mut once: impl FnMut() -> R + 'static) -> Operation {
    Operation::of_rounds(move |rounds| {
        for _ in 0..rounds {
            black_box(once());
        }
    })
}

impl Operation {
    /// The operation that runs so many rounds in its own way.
    pub fn of_rounds(rounds: impl FnMut(u64) + 'static) -> Self {
        Self { rounds: Box::new(rounds), between: None, waits: Rc::default(), flushes: None }
    }

    /// The operation of clients that do so many rounds together, and say how long each one took
    /// the client that it was for.
    pub fn of_clients(mut rounds: impl FnMut(u64) -> Vec<Duration> + 'static) -> Self {
        let waits = Rc::<RefCell<Vec<Duration>>>::default();
        let taken = Rc::clone(&waits);
        let operation = Self::of_rounds(move |count| taken.borrow_mut().append(&mut rounds(count)));
        Self { waits, ..operation }
    }

    /// Says how often the server has flushed its log to disk so far.
    #[must_use]
    pub fn flushed(mut self, flushes: impl FnMut() -> u64 + 'static) -> Self {
        self.flushes = Some(Box::new(flushes));
        self
    }

    /// Adds what is done before a batch of rounds and measured by none: it puts things back to
    /// what the case says they are.
    #[must_use]
    pub fn restored_by(mut self, between: impl FnMut() + 'static) -> Self {
        self.between = Some(Box::new(between));
        self
    }

    /// Puts things back before the next [`run`](Self::run).
    pub fn restore(&mut self) {
        if let Some(between) = &mut self.between {
            between();
        }
    }

    /// Does it so many times.
    pub fn run(&mut self, rounds: u64) {
        (self.rounds)(rounds);
    }

    /// How long each round has taken since this was asked last, where clients do them.
    pub fn take_waits(&mut self) -> Vec<Duration> {
        self.waits.take()
    }

    /// How often the server has flushed its log, where it says so.
    pub fn flushes(&mut self) -> Option<u64> {
        self.flushes.as_mut().map(|flushes| flushes())
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}

impl Area {
    /// The contender of this area with this case and name.
    pub fn find(&self, case: &str, who: &str) -> Option<(&'static Case, &'static Contender)> {
        let case = self.cases.iter().find(|it| it.name == case)?;
        let contender = case.contenders.iter().find(|it| it.who == who)?;
        Some((case, contender))
    }

    /// `<area>/<case>/<who>`.
    pub fn id(&self, case: &Case, contender: &Contender) -> String {
        format!("{}/{}/{}", self.name, case.name, contender.who)
    }

    /// Runs the check of every case.
    pub fn check_same_work(&self) {
        for case in self.cases {
            (case.check_same_work)();
        }
    }
}

impl Contender {
    /// Whether this is neither the floor nor ours, such as `mainstay` or `mainstay-shared`.
    pub fn is_peer(&self) -> bool {
        self.who != FLOOR && !self.who.starts_with(MAINSTAY)
    }
}
