use std::fmt;
use std::time::Duration;

use super::call::Call;
use super::control::For;
use super::core::Core;
use super::event::States;
use super::layer::{CircuitBreakerLayer, HttpCircuitBreakerLayer};
use super::stripe::{Handle, Stripes};
use super::{Builder, Config, InvalidConfig, Mode, Name, Open, Snapshot, Status};
use crate::classify::{AnyError, Classify};
use crate::permit;

/// Watches calls to one other side, and rejects them while it is down.
///
/// Clones are the same breaker. How to use one is in the documentation of the [module](super).
#[derive(Clone)]
pub struct CircuitBreaker {
    stripes: Stripes,
}

/// Leave for one call: from [`CircuitBreaker::try_acquire`].
pub type Permit = permit::Permit<Handle>;

impl CircuitBreaker {
    /// Begins to make a breaker of this name, which is that of what is called.
    pub fn builder(name: impl Into<Name>) -> Builder {
        Builder::new(name.into())
    }

    pub(super) fn new(builder: Builder) -> Result<Self, InvalidConfig> {
        Ok(Self { stripes: Stripes::new(Core::new(builder)?) })
    }

    /// Makes a call, unless the breaker is open. Every error counts as a failure.
    ///
    /// The breaker is asked when the future is first polled. If the future is dropped after that,
    /// the call counts as its [`DropCause`](crate::permit::DropCause) says.
    ///
    /// # Errors
    ///
    /// [`Open`] if the call was not made, or the error of the call.
    pub fn call<F, T, E>(&self, future: F) -> Call<F, AnyError>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_with(AnyError, future)
    }

    /// As [`CircuitBreaker::call`], with another opinion on what a failure is.
    pub fn call_with<F, C, T, E>(&self, classify: C, future: F) -> Call<F, C>
    where
        F: Future<Output = Result<T, E>>,
        C: Classify<Result<T, E>>,
    {
        Call::new(self.stripes.of_thread(), classify, future)
    }

    /// Asks for leave to make one call, for what is no future. The permit is told how it went.
    ///
    /// # Errors
    ///
    /// [`Open`] if the call is not to be made.
    pub fn try_acquire(&self) -> Result<Permit, Open> {
        self.stripes.of_thread().into_permit()
    }

    /// A layer for any service, whose errors count as failures.
    pub fn layer(&self) -> CircuitBreakerLayer {
        CircuitBreakerLayer::new(self.clone(), AnyError)
    }

    /// A layer for clients of HTTP and gRPC services, which judges responses.
    pub fn http_layer(&self) -> HttpCircuitBreakerLayer {
        HttpCircuitBreakerLayer::new(self.clone())
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.core().name
    }

    /// What it is at now.
    pub fn status(&self) -> Status {
        self.core().status()
    }

    /// What it is at now, with the counts.
    pub fn snapshot(&self) -> Snapshot {
        self.core().snapshot()
    }

    /// The states from now on, one after the other.
    pub fn states(&self) -> States {
        self.core().audience.subscribe()
    }

    /// Goes over to another mode.
    ///
    /// Between [`Mode::Auto`] and [`Mode::Shadow`] state and counts are kept; with any other
    /// change the breaker starts anew, closed and without counts.
    pub fn set_mode(&self, mode: Mode) {
        self.core().set_mode(mode);
    }

    /// Opens it for so long, or keeps it open for so long from now, because somebody else knows that
    /// the other side is down: an operator, or [a peer](super#many-processes). After that probes
    /// tell, as ever.
    ///
    /// Nothing limits the time. It never ends earlier than it would have: to close a breaker, its
    /// [mode](Self::set_mode) is changed. The [backoff](Config::open_for) does not grow by it.
    ///
    /// Returns whether something has changed: not if it is open for as long already, not for a time
    /// of zero, and not in a [`Mode`] without state.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{CircuitBreaker, State};
    /// use std::time::Duration;
    ///
    /// let breaker = CircuitBreaker::builder("payments").build()?;
    /// assert!(breaker.open_for(Duration::from_secs(30)));
    /// assert_eq!(breaker.status().state, State::Open);
    /// assert!(!breaker.open_for(Duration::from_secs(5)));
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn open_for(&self, time: Duration) -> bool {
        self.core().open_for(time)
    }

    /// What it goes by now.
    pub fn config(&self) -> Config {
        self.core().config()
    }

    /// Goes by another configuration from now on. State and counts are kept.
    ///
    /// A window can become longer or shorter, but not of another kind. Its latest calls are kept.
    /// A window of calls can become as large as it was when the breaker was made, and 1,024 in
    /// any case; one of time moves in steps of a tenth of the length it was made with, and can
    /// become 6 times as long. Probes that are under way are judged as they began.
    ///
    /// # Errors
    ///
    /// If something is out of range, or the window cannot become that. Nothing is changed then.
    ///
    /// ```
    /// # use mainstay_resilience::breaker::{CircuitBreaker, FailureRate};
    /// let breaker = CircuitBreaker::builder("payments").build()?;
    /// breaker.reconfigure(breaker.config().trip(FailureRate::at_least(0.25)))?;
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn reconfigure(&self, config: Config) -> Result<(), InvalidConfig> {
        self.core().reconfigure(config, For::One)
    }

    pub(super) fn stripes(&self) -> &Stripes {
        &self.stripes
    }

    fn core(&self) -> &Core {
        self.stripes.core()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name().as_str())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
