use std::fmt;
use std::sync::Arc;

use super::call::Call;
use super::core::Core;
use super::event::States;
use super::layer::{CircuitBreakerLayer, HttpCircuitBreakerLayer};
use super::stripe::{Stripe, Stripes};
use super::ticket::Ticket;
use super::{Builder, Config, InvalidConfig, Mode, Name, Open, Snapshot, Status};
use crate::classify::{AnyError, Classify};
use crate::permit::{Ending, Permit, Settle};

/// Watches calls to one other side, and rejects them while it is down.
///
/// Clones are the same breaker. How to use one is in the documentation of the [module](super).
pub struct CircuitBreaker {
    stripe: Arc<Stripe>,
    /// What a clone needs that is to be cloned in turn; what is cloned for one call has none.
    stripes: Option<Stripes>,
}

impl CircuitBreaker {
    /// Begins to make a breaker of this name, which is that of what is called.
    pub fn builder(name: impl Into<Name>) -> Builder {
        Builder::new(name.into())
    }

    pub(super) fn new(builder: Builder) -> Result<Self, InvalidConfig> {
        let stripes = Stripes::new(Core::new(builder)?);
        Ok(Self { stripe: stripes.of_thread(), stripes: Some(stripes) })
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
        Call::new(self.for_call(), classify, future)
    }

    /// Asks for leave to make one call, for what is no future. The permit is told how it went.
    ///
    /// # Errors
    ///
    /// [`Open`] if the call is not to be made.
    pub fn try_acquire(&self) -> Result<Permit<Self>, Open> {
        self.for_call().into_permit()
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
        self.core().reconfigure(config)
    }

    pub(super) fn admit(&self) -> Result<Permit<Self>, Open> {
        let ticket = self.core().admit()?;
        Ok(Permit::new(self.for_call(), ticket))
    }

    /// For a handle that is of one call.
    pub(super) fn into_permit(self) -> Result<Permit<Self>, Open> {
        let ticket = self.core().admit()?;
        let mut permit = Permit::new(self, ticket);
        permit.start();
        Ok(permit)
    }

    /// A handle that is dropped soon: it is not meant to be cloned.
    pub(super) fn for_call(&self) -> Self {
        Self { stripe: self.stripe.of_thread(), stripes: None }
    }

    pub(super) fn core(&self) -> &Core {
        &self.stripe.core
    }
}

impl Permit<CircuitBreaker> {
    /// From now on the time of the call counts, if slow calls do.
    pub(super) fn start(&mut self) {
        if let Some((breaker, ticket)) = self.held_mut() {
            breaker.core().start(ticket);
        }
    }
}

impl Settle for CircuitBreaker {
    type Ticket = Ticket;

    fn settle(&self, ticket: Ticket, ending: Ending) {
        self.core().settle(ticket, ending);
    }
}

/// The same breaker.
impl Clone for CircuitBreaker {
    fn clone(&self) -> Self {
        Self { stripe: self.stripe.of_thread(), stripes: self.stripes.clone() }
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
