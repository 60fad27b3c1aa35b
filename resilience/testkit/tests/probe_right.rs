//! Layers that keep tower's contract pass all laws.
#![cfg(test)]

use std::future::{Ready, ready};
use std::time::Duration;

use mainstay_errors::FaultLayer;
use mainstay_testkit::probe::{self, Ping, Pong, ProbeError, Subject, laws};
use tower::buffer::Buffer;
use tower::layer::util::Identity;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;
use tower::{BoxError, Layer};

fn holds(subject: &Subject) {
    probe::suite(subject);
    probe::fuzz(subject);
}

#[test]
fn nothing_at_all() {
    holds(&Subject::new(|inner| Identity::new().layer(inner)));
    holds(&Subject::http(|inner| Identity::new().layer(inner)));
}

#[test]
fn towers_concurrency_limit() {
    for places in [1, 3] {
        let limited = move |inner| ConcurrencyLimit::new(inner, places);
        holds(&Subject::new(limited).admits(places).keeps_its_place_when_failed());
        holds(&Subject::http(limited).admits(places).keeps_its_place_when_failed());
    }
}

#[test]
fn towers_timeout() {
    holds(&Subject::new(|inner| Timeout::new(inner, Duration::from_secs(1))));
}

#[test]
fn towers_load_shed() {
    holds(&Subject::new(LoadShed::new).rejects_when_not_ready());
}

#[test]
fn towers_buffer() {
    holds(&Subject::new(|inner| Buffer::new(inner, 64)).queues());
}

/// Repeats what has failed so many times.
#[derive(Clone)]
struct Attempts(usize);

impl Policy<Ping, Pong, ProbeError> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Ping, result: &mut Result<Pong, ProbeError>) -> Option<Ready<()>> {
        result.as_ref().err()?;
        self.0 = self.0.checked_sub(1)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Ping) -> Option<Ping> {
        Some(request.clone())
    }
}

#[test]
fn towers_retry() {
    holds(&Subject::new(|inner| Retry::new(Attempts(2), inner)).repeats_failed_calls());
}

#[test]
fn our_fault_layer() {
    let layer = FaultLayer::new().domain("example.com");
    holds(&Subject::http(move |inner| layer.layer(inner)).answers_errors());
}

#[test]
fn several_at_once() {
    let stack = |inner| -> Timeout<LoadShed<ConcurrencyLimit<_>>> {
        Timeout::new(LoadShed::new(ConcurrencyLimit::new(inner, 2)), Duration::from_secs(1))
    };
    let subject = Subject::new(stack).rejects_when_not_ready().admits(2);
    holds(&subject.keeps_its_place_when_failed());
}

/// What the constructors of a subject ask for is what axum asks for.
#[test]
fn a_boxed_service_may_be_a_subject() {
    let boxed = |inner| {
        tower::util::BoxCloneSyncService::<Ping, Pong, BoxError>::new(
            tower::ServiceBuilder::new().map_err(BoxError::from).service(inner),
        )
    };
    laws::request_and_response_pass(&Subject::new(boxed));
}
