//! Circuit breaker: stops calling what is down, and finds out when it is up again.
//!
//! # Why
//!
//! Calls to a service that is down cost its callers time and itself the chance to get up. A breaker
//! counts how calls end; when too many fail it opens and rejects calls at once, and after a while
//! it lets a few through as probes, to see whether to close.
//!
//! That is simple to say, and there are many ways to get it wrong: a window that does not slide, so
//! that after a long health nothing is an outage; a probe that hangs and is waited for for ever; a
//! result from before the breaker opened that closes it; a call that was dropped by a timeout and
//! was never counted. Here a call has a [`Permit`](crate::permit::Permit) that is settled exactly
//! once and knows of which epoch it is.
//!
//! ```
//! use mainstay_resilience::breaker::{CircuitBreaker, Consecutive, FailureRate, Window};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let breaker = CircuitBreaker::builder("payments")
//!     .window(Window::last(Duration::from_secs(10)))
//!     .trip(FailureRate::at_least(0.5).min_calls(20))
//!     .trip(Consecutive::failures(5))
//!     .build()?;
//!
//! for _ in 0..5 {
//!     let failed = breaker.call(async { Err::<(), _>("connection refused") }).await;
//!     assert!(failed.unwrap_err().rejection().is_none());
//! }
//! let rejected = breaker.call(async { Ok::<_, &str>("not called") }).await.unwrap_err();
//! let open = rejected.rejection().ok_or("it was called")?;
//! assert!(open.wait() > Some(Duration::from_secs(3)));
//!
//! tokio::time::sleep(Duration::from_secs(6)).await;
//! assert_eq!(breaker.call(async { Ok::<_, &str>("paid") }).await, Ok("paid"));
//! # Ok(())
//! # }
//! ```
//!
//! # Where it goes
//!
//! One breaker for each service that is called; clones are the same breaker. Where there are many,
//! such as hosts or tenants, [`CircuitBreakers`] has one for each. As a layer, by
//! [`CircuitBreaker::layer`] or for responses [`CircuitBreaker::http_layer`], it goes inside of
//! retries, so that each attempt counts and an open breaker ends them, and outside of the timeout of
//! an attempt, so that it sees calls that took too long. On a server,
//! [`respond`](HttpCircuitBreakerLayer::respond) turns rejections into answers.
//!
//! # States
//!
//! Closed, it counts calls in a [`Window`] and opens when any of its [rules](Trip) says so. Open, it
//! rejects for a time that [grows](Config::open_for) as long as the other side does not recover, that
//! a function can [set](Config::open_by), and that the other side can [ask for](Config::max_pushback). [`HalfOpen`] says how it finds out that
//! it can close. A [`Mode`] has it forced, disabled, or only looking on.
//!
//! # Many processes
//!
//! Each process has its own view of the other side, and no store shares it. A node with a broken
//! route would open the breaker for all the others; the store would be one more thing that each
//! call waits for, and that can be down itself. And a fleet does not need it: each node finds out
//! within a few calls.
//!
//! Who wants nodes to warn each other can do so by any channel they have: an [observer](Observe)
//! announces what a node has seen, and [`CircuitBreaker::open_for`] acts on what was heard. It is
//! best to ask for more than one witness, to limit the time, and to announce nothing that was only
//! heard:
//!
//! ```
//! use mainstay_resilience::breaker::{Cause, CircuitBreaker, Consecutive, Event};
//! use mainstay_resilience::classify::Verdict;
//! use std::collections::HashSet;
//! use std::sync::mpsc;
//! use std::time::Duration;
//!
//! let (channel, heard) = mpsc::channel();
//! let node = |name: &'static str| {
//!     let channel = channel.clone();
//!     let announce = move |event: &Event| match event {
//!         Event::Changed { cause: Cause::Asked, .. } => {}
//!         Event::Changed { wait: Some(wait), .. } => channel.send((name, *wait)).unwrap_or(()),
//!         _ => {}
//!     };
//!     CircuitBreaker::builder("payments").trip(Consecutive::failures(1)).observer(announce).build()
//! };
//! let (one, two, three) = (node("one")?, node("two")?, node("three")?);
//!
//! let mut witnesses = HashSet::new();
//! let mut listen = || {
//!     for (peer, wait) in heard.try_iter() {
//!         witnesses.insert(peer);
//!         if witnesses.len() >= 2 {
//!             three.open_for(wait.min(Duration::from_secs(10)));
//!         }
//!     }
//!     three.status().rejects()
//! };
//!
//! one.try_acquire()?.finish(Verdict::failure());
//! assert!(!listen());
//! two.try_acquire()?.finish(Verdict::failure());
//! assert!(listen());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Witnesses should be forgotten after a while, and be counted for each breaker; a
//! [`Snapshot`] has what else a node may want to tell.
//!
//! # Cancellation
//!
//! A call that is dropped counts as the [`DropCause`](crate::permit::DropCause) weighs; one that
//! was let through and not begun gives its place back. On a server whose clients may hang up,
//! [`DroppedAsLayer`](crate::permit::DroppedAsLayer) tells that from a timeout. A probe that hangs gives its place back when
//! its [lease](HalfOpen::lease) ends. A result that comes after the breaker has changed its state
//! changes nothing. An [observer](Observe) is told of [either](Event::Late).
//!
//! # Errors
//!
//! [`Open`]: the call was not made. It says when to come back.
//!
//! # Cost
//!
//! Closed, a call takes no lock, allocates nothing, and reads no clock unless the window is one of
//! time or slow calls count; with a [`TripWhen`] it takes a lock for a moment while the window holds
//! a failed or a slow call. A rejection reads the clock once. Half-open, calls take a lock for a
//! moment.

mod admit;
mod body;
mod builder;
mod call;
mod caught;
mod cold;
mod config;
mod control;
mod core;
mod error;
mod event;
mod future;
mod half_open;
mod handle;
mod layer;
mod name;
mod opening;
mod own_rule;
mod parts;
mod registry;
mod rules;
mod service;
mod settle;
mod state;
mod stripe;
mod ticket;
mod trial;
mod trip;
mod window;
mod word;

#[cfg(all(test, mainstay_loom))]
mod loom;

pub use body::WatchedBody;
pub use builder::Builder;
pub use call::Call;
pub use config::Config;
pub use error::{InvalidConfig, Open};
pub use event::{Event, Observe, States};
pub use future::{CircuitBreakerFuture, HttpCircuitBreakerFuture};
pub use half_open::HalfOpen;
pub use handle::{CircuitBreaker, Permit};
pub use layer::{CircuitBreakerLayer, HttpCircuitBreakerLayer, IntoHttpLayer};
pub use name::Name;
pub use opening::Opening;
pub use own_rule::{Tally, TripWhen};
pub use registry::{
    CircuitBreakers, CircuitBreakersLayer, CircuitBreakersService, HttpCircuitBreakersLayer,
    HttpCircuitBreakersService, ToKey,
};
pub use service::{CircuitBreakerService, HttpCircuitBreakerService};
pub use state::{Cause, Mode, Probation, Snapshot, State, Status};
pub use stripe::Handle;
pub use ticket::Ticket;
pub use trip::{Consecutive, FailureRate, SlowCalls, Trip};
pub use window::Window;
