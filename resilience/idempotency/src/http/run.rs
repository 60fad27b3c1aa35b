//! A try, from its request to its answer.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use mainstay_core::is_grpc;
use tokio::time::Instant;
use tower_service::Service;

use super::attempt::Attempt;
use super::body::IdempotencyBody;
use super::cleanup::Cleanup;
use super::collect;
use super::config::OnOutage;
use super::flight::{Flight, Found, Landed, Leaving, Seat};
use super::lease::{Lease, beside};
use super::patience::{Patience, ask};
use super::record::{AnswerRef, Record};
use super::refused::{IdempotencyError, Refused, RefusedKind};
use super::replay::replay;
use super::service::{BoxError, Shared};
use super::settle::Settle;
use super::work::{WorkResult, Worked, work};
use crate::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, Nonce, Store, StoreError, StoreErrorKind,
};

/// When a client whose key is in use may come back.
const COME_BACK: Duration = Duration::from_secs(1);

pub(super) struct Try<St, S, B> {
    pub(super) shared: Arc<Shared<St>>,
    pub(super) inner: S,
    pub(super) parts: Parts,
    pub(super) body: B,
    pub(super) key: Key,
    pub(super) flight: Arc<Flight>,
}

type Answer<B, E> = Result<Response<IdempotencyBody<B>>, IdempotencyError<E>>;

impl<St: Store, S, ReqBody, ResBody> Try<St, S, ReqBody>
where
    S: Service<Request<IdempotencyBody<ReqBody>>, Response = Response<ResBody>>,
    ReqBody: Body<Data = Bytes>,
    ReqBody::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
{
    pub(super) async fn run(self) -> Answer<ResBody, S::Error> {
        let Self { shared, mut inner, parts, body, key, flight } = self;
        let grpc = is_grpc(&parts.headers);
        let (body, trailers) = collect::request(body, shared.config.request_limit).await?;
        let fingerprint = shared.config.fingerprint(&parts, &body);
        let entered = Entry { shared: &shared, key, fingerprint, flight }.enter().await?;
        let whole = IdempotencyBody::whole(body, trailers);
        match entered {
            Entered::Replay(record) => {
                if let Some(reauthorize) = &shared.config.reauthorize {
                    let allowed = reauthorize(&parts);
                    if !allowed.await {
                        return Err(Refused::new(RefusedKind::ReplayForbidden).into());
                    }
                }
                Ok(replay(record, grpc)?)
            }
            Entered::Unprotected => {
                let response = inner.call(Request::from_parts(parts, whole)).await;
                let response = response.map_err(IdempotencyError::Inner)?;
                Ok(response.map(IdempotencyBody::unread))
            }
            Entered::First(owner) => {
                owner.run(inner, Request::from_parts(parts, whole), grpc).await
            }
        }
    }
}

/// A try that wants its key.
struct Entry<'a, St> {
    shared: &'a Arc<Shared<St>>,
    key: Key,
    fingerprint: Fingerprint,
    flight: Arc<Flight>,
}

#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
enum Entered<St: Store> {
    First(Owner<St>),
    Replay(Bytes),
    /// The store is out, and that is allowed.
    Unprotected,
}

impl<St: Store> Entry<'_, St> {
    /// Waits for tries of this process, then asks the store, until there is an answer.
    async fn enter(self) -> Result<Entered<St>, Refused> {
        let mut patience = Patience::new(self.shared.config.wait);
        loop {
            match self.shared.flights.join(self.key, &self.fingerprint, &self.flight) {
                Found::Nobody(seat) => return self.claim(seat, patience).await,
                Found::Different => return Err(Refused::new(RefusedKind::KeyReused)),
                Found::Other(other) => match patience.wait(other.landed()).await {
                    Some(Landed::Record(record)) => return Ok(Entered::Replay(record)),
                    Some(Landed::Gone) => {}
                    None => return Err(Refused::in_progress(COME_BACK)),
                },
            }
        }
    }

    async fn claim(&self, seat: Seat, mut patience: Patience) -> Result<Entered<St>, Refused> {
        let claim = self.claim_of();
        loop {
            let asked = Instant::now();
            let mut cleanup = Cleanup::of_claim(self.shared, &claim);
            self.flight.set_leaving(Leaving::AsSaid);
            let claimed = ask(self.shared.config.store_timeout, || self.shared.store.claim(&claim));
            let claimed = match claimed.await {
                Ok(Claimed::First(held)) => {
                    cleanup.holds(held);
                    let shared = Arc::clone(self.shared);
                    return Ok(Entered::First(Owner { shared, held, asked, seat, cleanup }));
                }
                other => other,
            };
            cleanup.is_done();
            self.flight.set_leaving(Leaving::Drops);
            match claimed {
                Ok(Claimed::Running { left }) if patience.pause(left).await => {}
                Ok(Claimed::Completed(record)) => {
                    seat.land(&record);
                    return Ok(Entered::Replay(record));
                }
                Err(error) if self.runs_without(&error) => return Ok(Entered::Unprotected),
                Err(error) => return Err(Refused::store(error)),
                Ok(claimed) => return Err(refusal(&claimed)),
            }
        }
    }

    fn claim_of(&self) -> Claim {
        Claim {
            key: self.key,
            fingerprint: self.fingerprint,
            nonce: Nonce::unique(),
            lease: self.shared.config.lease,
            keep: self.shared.config.keep,
            takes_over: self.shared.config.takes_over,
        }
    }

    fn runs_without(&self, error: &StoreError) -> bool {
        let is_out = error.kind() != StoreErrorKind::Unreadable;
        is_out && self.shared.config.on_outage == OnOutage::Run
    }
}

fn refusal(claimed: &Claimed) -> Refused {
    match claimed {
        Claimed::Reused => Refused::new(RefusedKind::KeyReused),
        Claimed::Abandoned => Refused::new(RefusedKind::OutcomeUnknown),
        Claimed::Running { .. } | Claimed::First(_) | Claimed::Completed(_) => {
            Refused::in_progress(COME_BACK)
        }
    }
}

/// The try that has the key.
struct Owner<St: Store> {
    shared: Arc<Shared<St>>,
    held: Held,
    /// When the store was first asked for it.
    asked: Instant,
    seat: Seat,
    cleanup: Cleanup<St>,
}

impl<St: Store> Owner<St> {
    async fn run<S, ReqBody, ResBody>(
        self,
        inner: S,
        mut request: Request<IdempotencyBody<ReqBody>>,
        grpc: bool,
    ) -> Answer<ResBody, S::Error>
    where
        S: Service<Request<IdempotencyBody<ReqBody>>, Response = Response<ResBody>>,
        ReqBody: Body<Data = Bytes>,
        ResBody: Body<Data = Bytes>,
    {
        let flight = self.seat.flight();
        request.extensions_mut().insert(Attempt::new(self.held, Arc::clone(flight)));
        let mut lease = Lease::new(self.asked, self.shared.config.lease);
        let worked = beside(
            work(inner, request, grpc, &self.shared.config),
            lease.keep(&*self.shared.store, &self.held, flight),
        )
        .await;
        self.finish(worked, &lease, grpc).await
    }

    /// Settles the key, then answers.
    async fn finish<B: Body<Data = Bytes>, E>(
        mut self,
        worked: Worked<B, E>,
        lease: &Lease,
        grpc: bool,
    ) -> Answer<B, E> {
        self.seat.flight().set_leaving(Leaving::GoesOn);
        self.cleanup.is_done();
        match worked.settle {
            Settle::Leave => {}
            Settle::Release => self.release().await,
            Settle::Store => {
                let record = self.record_of(&worked.result, grpc);
                if let Stored::Other(answer) = self.complete(record, lease).await {
                    return match worked.result {
                        // That goes on to whoever called, whatever others have answered.
                        WorkResult::Panicked(panic) => resume_unwind(panic),
                        _ => Ok(replay(answer?, grpc)?),
                    };
                }
            }
        }
        match worked.result {
            WorkResult::Whole(head, body, trailers) => {
                Ok(Response::from_parts(head, IdempotencyBody::whole(body, trailers)))
            }
            WorkResult::Passed(head, body) => Ok(Response::from_parts(head, body)),
            WorkResult::Failed(error) => Err(IdempotencyError::Inner(error)),
            WorkResult::Panicked(panic) => resume_unwind(panic),
        }
    }

    /// If it fails the lease runs out.
    async fn release(&self) {
        let limit = self.shared.config.store_timeout;
        drop(ask(limit, || self.shared.store.release(&self.held)).await);
    }

    fn record_of<B: Body, E>(&self, result: &WorkResult<B, E>, grpc: bool) -> Bytes {
        let WorkResult::Whole(head, body, trailers) = result else { return Record::marker() };
        let (status, headers, trailers) = (head.status, &head.headers, trailers.as_ref());
        let answer = AnswerRef { grpc, status, headers, body, trailers };
        answer.encode(|name| self.shared.config.is_replayed(name))
    }

    async fn complete(self, record: Bytes, lease: &Lease) -> Stored {
        let (limit, keep) = (self.shared.config.store_timeout, self.shared.config.keep);
        let store = &*self.shared.store;
        match ask(limit, || store.complete(&self.held, record.clone(), keep)).await {
            Ok(Completion::Stored) => {
                self.seat.land(&record);
                Stored::Ours
            }
            Ok(Completion::Lost(Some(theirs))) => {
                self.seat.land(&theirs);
                Stored::Other(Ok(theirs))
            }
            Ok(Completion::Lost(None)) => Stored::Other(Err(Refused::in_progress(COME_BACK))),
            // Nobody else can have answered yet.
            Err(_) if self.shared.config.on_outage == OnOutage::Run && lease.is_safe() => {
                Stored::Ours
            }
            Err(error) => Stored::Other(Err(Refused::store(error))),
        }
    }
}

/// Whose answer is the one.
enum Stored {
    Ours,
    Other(Result<Bytes, Refused>),
}
