use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use mainstay_core::Code;
use mainstay_idempotency::{
    DynStore, Ending, Fingerprint, IdempotencyError, IdempotencyLayer, KeyRule, Refused,
    RefusedKind, Scope, Settle,
};

use super::key;
use crate::orders::OrderError;
use crate::orders::store::LEASE;

/// How long to wait for somebody else's request with the same key.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A call that must not run twice.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// What keys are unique within, besides the caller.
    pub route: &'static str,
    /// The most bytes of its body.
    pub most_body: usize,
    /// Whether it is this call; only these need a key.
    pub is: fn(&Parts) -> bool,
    /// What it asks for: two that ask for the same are the same request, however they are written.
    /// `None` if it is wrong in itself, which whoever handles it says, and nothing is done.
    pub fingerprint: fn(&Parts, &Bytes) -> Option<Fingerprint>,
    /// Whether a decline is among its answers.
    pub is_paid: bool,
}

/// The layer around one call.
#[derive(Clone, Debug)]
pub struct Guard {
    pub(super) call: Call,
    pub(super) layer: IdempotencyLayer<DynStore>,
}

/// What a request to a route asks for, as it was found out before its key is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) route: &'static str,
    pub(super) fingerprint: Fingerprint,
}

/// The layers around all calls, if keys are not kept in the database.
#[derive(Debug)]
pub struct Guards {
    store: Option<DynStore>,
    handed_out: Vec<Guard>,
}

impl Guards {
    /// On this store; without one, no layers.
    pub fn on(store: Option<DynStore>) -> Self {
        Self { store, handed_out: Vec::new() }
    }

    /// The layer around this call.
    pub fn guard(&mut self, call: Call) -> Option<Guard> {
        let guard = Guard { call, layer: layer(self.store.clone()?, call) };
        self.handed_out.push(guard.clone());
        Some(guard)
    }

    /// Waits until no key is left to be completed or released: those of requests that are gone, once
    /// the connections are.
    pub async fn drain(&self) {
        for guard in &self.handed_out {
            guard.layer.drain().await;
        }
    }
}

/// A handler is dropped with its client, as it is where there is no layer: what it leaves behind is
/// a pending order, which the next try with the key finds.
///
/// Only what could be done needs a key: a request that is wrong in itself passes.
fn layer(store: DynStore, call: Call) -> IdempotencyLayer<DynStore> {
    IdempotencyLayer::at_least_once(store)
        .scope(move |request| Scope::of([key::scope(call.route, &request.headers).as_str()]))
        .required_by(move |request| match request.extensions.get() {
            Some(Asked { route, .. }) if *route == call.route => KeyRule::Required,
            _ => KeyRule::Ignored,
        })
        .fingerprint(|request, body| match request.extensions.get() {
            Some(Asked { fingerprint, .. }) => *fingerprint,
            None => Fingerprint::of([&body[..]]),
        })
        .outcomes(move |ending| settle(ending, call.is_paid))
        .observe(|event| {
            tracing::warn!(event = event.as_str(), key = %event.key(), "idempotency");
        })
        .lease(LEASE)
        .wait(PATIENCE)
        .request_limit(call.most_body)
        .dropped_with_the_client()
}

/// Which answers are kept: those that the database keeps, too. Everything else has done nothing, or
/// left an order pending that the next try goes on with.
fn settle(ending: Ending, is_paid: bool) -> Settle {
    let is_kept = match ending {
        Ending::Http(status) => {
            status.is_success() || is_paid && status == StatusCode::PAYMENT_REQUIRED
        }
        // No other answer to an order has the code of a decline.
        Ending::Grpc(code) => code == Code::Ok || is_paid && code == Code::FailedPrecondition,
        _ => false,
    };
    if is_kept { Settle::Store } else { Settle::Release }
}

/// What a layer refuses, as the service itself would say it.
pub(in crate::orders) async fn refused(error: IdempotencyError<Infallible>) -> OrderError {
    match error {
        IdempotencyError::Refused(refused) => refused.into(),
        IdempotencyError::Inner(never) => match never {},
    }
}

impl From<Refused> for OrderError {
    fn from(refused: Refused) -> Self {
        match refused.kind() {
            RefusedKind::KeyMissing => Self::KeyMissing,
            RefusedKind::KeyInvalid => Self::KeyInvalid,
            RefusedKind::KeyReused => Self::KeyReused,
            RefusedKind::InProgress => Self::InProgress,
            RefusedKind::BodyTooLarge => Self::MessageTooLarge,
            RefusedKind::BodyUnreadable => Self::MalformedBody(refused.into()),
            RefusedKind::StoreUnavailable => Self::IdempotencyStore(refused.into()),
            _ => Self::Internal(refused.into()),
        }
    }
}
