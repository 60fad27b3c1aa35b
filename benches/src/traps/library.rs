//! What a scenario can ask a library for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::BoxCloneService;

use super::Trouble;
use super::rig::{Boxed, Rig, Time};
use super::server::{Failure, Server};

/// What a library makes of the server, with its own types and as its documentation says. A method
/// that it does not implement is a policy that it does not have.
pub(super) trait Library: 'static {
    /// The name of the crate, or of its family.
    const NAME: &'static str;

    fn breaker(_: Settings, _: &Server) -> Result<Rig, Trouble> {
        Err(Trouble::NotApplicable("it has no breaker"))
    }

    /// A retry layer that makes three attempts, a millisecond apart.
    fn retry(_: &Server) -> Result<Boxed, Trouble> {
        Err(Trouble::NotApplicable("it has no retry"))
    }

    /// A hedge layer whose second attempt follows after a millisecond.
    fn hedge(_: &Server) -> Result<Boxed, Trouble> {
        Err(Trouble::NotApplicable("it has no hedging"))
    }

    /// A limit of concurrency that sheds what is over it.
    fn shedding_limit(_most: usize, _: &Server) -> Result<Boxed, Trouble> {
        Err(Trouble::NotApplicable("it has no limit of concurrency and no load shedding"))
    }

    /// A limit of concurrency that makes callers wait for readiness.
    fn waiting_limit(_most: usize, _: &Server) -> Result<Boxed, Trouble> {
        Err(Trouble::NotApplicable("it has no limit of concurrency"))
    }

    /// A limit of one response at a time, which lasts until the body ends if that can be had;
    /// what is over the limit is shed.
    fn body_limit(_: HttpServer) -> Result<HttpServer, Trouble> {
        Err(Trouble::NotApplicable("it has no limit of concurrency"))
    }

    /// A timeout of an hour. Called outside of a runtime.
    fn timeout(_: &Server) -> Result<Timed, Trouble> {
        Err(Trouble::NotApplicable("it has no timeout"))
    }

    /// A budget that holds nothing, pays out what was paid in, and holds at most so many.
    fn budget(_most: usize) -> Result<Arc<dyn Tokens>, Trouble> {
        Err(Trouble::NotApplicable("it has no budget"))
    }

    /// A host, or a breaker, whose pauses grow.
    fn growing_pauses() -> Result<Host, Trouble> {
        Err(Trouble::NotApplicable("its pauses do not grow"))
    }

    /// What makes a caller wait for a tenth of a second or longer. Called inside of a runtime.
    fn waits() -> Result<Vec<Wait>, Trouble> {
        Err(Trouble::NotApplicable("none of its policies waits"))
    }

    /// A breaker, and a way to set the date by so many seconds, while no time passes.
    fn dated_breaker(_: Settings, _: &Server) -> Result<(Rig, SetDate), Trouble> {
        Err(Trouble::NotApplicable("it takes no clock, so that its date cannot be set"))
    }
}

/// How a breaker shall be. It opens at half of the calls failed.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) window: Window,
    /// From how many calls on it judges.
    pub(super) least: u32,
    /// How many ticks it stays open.
    pub(super) pause: u32,
    /// How many probes it lets in, and closes after.
    pub(super) probes: u32,
    /// Whether a call that is dropped has failed, where a library lets one choose.
    pub(super) drops_fail: bool,
    /// The user's code for when it opens.
    pub(super) on_open: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// What a breaker judges. A library without a window of calls takes one of a hundred ticks.
#[derive(Clone, Copy)]
pub(super) enum Window {
    Calls(u32),
    Ticks(u32),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Window::Calls(10),
            least: 10,
            pause: 50,
            probes: 1,
            drops_fail: false,
            on_open: None,
        }
    }
}

/// A timeout, and whether a timer was registered with the library's clock since it was made.
/// Who goes to tokio's timer without asking panics where there is none.
pub(super) struct Timed {
    pub(super) service: Boxed,
    pub(super) armed: Box<dyn Fn() -> bool>,
}

/// A service of responses with bodies.
pub(super) type HttpServer =
    BoxCloneService<Request<()>, Response<UnsyncBoxBody<Bytes, Failure>>, Failure>;

/// A budget.
pub(super) trait Tokens: Send + Sync {
    fn deposit(&self);
    fn withdraw(&self) -> bool;
}

/// Something that is put out of use for its failures.
pub(super) struct Host {
    pub(super) time: Time,
    pub(super) fail: Box<dyn Fn()>,
    pub(super) succeed: Box<dyn Fn()>,
    pub(super) is_out: Box<dyn Fn() -> bool>,
}

/// A policy by name, and somebody who waits for it.
pub(super) struct Wait {
    pub(super) policy: &'static str,
    pub(super) waiter: Pin<Box<dyn Future<Output = ()>>>,
}

/// Sets the date.
pub(super) type SetDate = Box<dyn Fn(i64)>;
