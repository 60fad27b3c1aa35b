//! What every layer owes to the services around it, as tests that any layer can be put through.
//!
//! ```
//! use mainstay_testkit::probe::{self, Subject};
//! use tower::{Layer, limit::ConcurrencyLimitLayer};
//!
//! let layer = ConcurrencyLimitLayer::new(2);
//! let subject = Subject::new(move |inner| layer.layer(inner))
//!     .admits(2)
//!     .keeps_its_place_when_failed();
//! probe::suite(&subject); // each law by itself
//! probe::fuzz(&subject); // all of them, in random orders
//! ```
//!
//! The layer stands around a [`Probe`], which watches how it is called and does what the test
//! says; what the caller sees is the other half. [`Subject`] says where a layer is meant to differ
//! from one that only looks on. [`laws`] has each law as a function of its own, for layers that
//! are held to some of them only. They panic where a law is broken, and are called from plain
//! tests, not from async ones: they have a runtime of their own.
//!
//! Tests of one layer's own behaviour can take [`Probe`] and [`Handle`] as well.

pub mod laws;

mod body;
mod bounds;
mod caller;
mod counts;
mod error;
mod future;
mod fuzz;
mod handle;
mod layered;
mod message;
mod rig;
mod service;
mod state;
mod subject;

pub use body::ProbeBody;
pub use bounds::is_send_sync_static;
pub use counts::Counts;
pub use error::ProbeError;
pub use future::ProbeFuture;
pub use fuzz::fuzz;
pub use handle::Handle;
pub use laws::suite;
pub use message::{Ping, Pong};
pub use service::Probe;
pub use state::{Readiness, Reply};
pub use subject::Subject;
