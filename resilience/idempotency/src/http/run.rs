//! A try, from its request to its answer.

use std::future::Future;
use std::mem;
use std::panic::resume_unwind;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body::Body;
use mainstay_core::is_grpc;
use tower_service::Service;

use super::attempt::Attempt;
use super::body::IdempotencyBody;
use super::cleanup::Cleanup;
use super::collect;
use super::config::Config;
use super::event::Event;
use super::flight::{Flight, Found, Landed, Leaving, Seat};
use super::headers::is_framing;
use super::outage::OnOutage;
use super::record::{AnswerRef, Record};
use super::refused::{IdempotencyError, Refused, RefusedKind};
use super::replay::replay;
use super::service::{BoxError, Shared};
use super::settle::{Ending, Settle};
use super::work::{GRPC_STATUS, WorkResult, Worked, work};
use crate::asking::{Patience, ask, ask_since};
use crate::lease::{Kept, Lease};
use crate::release::release;
use crate::together::{Beside, caught};
use crate::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, Nonce, Store, StoreError, StoreErrorKind,
};

/// At most so many bytes that headers and trailers may take in a record are no part of the limit.
const MOST_FIELDS: usize = 16 << 10;

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
    /// It is written as a block, as an `async fn` keeps room for its arguments twice.
    pub(super) fn run(self) -> impl Future<Output = Answer<ResBody, S::Error>> {
        let Self { shared, mut inner, parts, body, key, flight } = self;
        async move {
            let config = &shared.config;
            let grpc = is_grpc(&parts.headers);
            let (body, trailers) = collect::request(body, config.request_limit).await?;
            let fingerprint = config.fingerprint(&parts, &body);
            let entry = Entry { shared: &shared, key, fingerprint, flight: &flight };
            let mut entered = entry.enter().await?;
            let body = IdempotencyBody::whole(body, trailers);
            let owner = match &mut entered {
                Entered::First(owner) => owner,
                Entered::Replay(record) => {
                    config.reauthorize(&parts).await?;
                    return Ok(replay(mem::take(record), grpc)?);
                }
                Entered::Unprotected => {
                    flight.set_leaving(Leaving::AsSaid);
                    let response = inner.call(Request::from_parts(parts, body)).await;
                    let response = response.map_err(IdempotencyError::Inner)?;
                    return Ok(response.map(IdempotencyBody::unread));
                }
            };
            // For the answer of another that this one may be given in place of its own.
            let asker = config.reauthorize.is_some().then(|| Box::new(parts.clone()));
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(owner.attempt());
            let mut worked = match caught(|| inner.call(request)) {
                Ok(handler) => {
                    let Owner { held, lease, seat, .. } = &mut *owner;
                    let told = |kept| match kept {
                        Kept::Until(safe) => seat.is_safe_until(safe),
                        Kept::Lost => {
                            lose(config, seat.flight(), held);
                            seat.give_up();
                        }
                    };
                    let keep = lease.keep(&*shared.store, held, told);
                    Beside::new(work(handler, grpc, config), keep).await
                }
                Err(panicked) => Worked::panicked(panicked, config),
            };
            // What is done is settled, whoever is still there to hear of it.
            flight.set_leaving(Leaving::GoesOn);
            owner.cleanup.is_done();
            let record = owner.record_of(&mut worked, grpc);
            let mut settled = owner.settle(worked.settle, record).await;
            if let (Settled::Other(Ok(_)), Some(asker)) = (&settled, asker) {
                // Who asks is asked for an answer to that client alone.
                flight.set_leaving(Leaving::Drops);
                if let Err(refused) = config.reauthorize(&asker).await {
                    settled = Settled::Other(Err(refused));
                }
            }
            answer(settled, worked.result, grpc)
        }
    }
}

/// What goes to the client once the key is settled.
fn answer<B: Body<Data = Bytes>, E>(
    settled: Settled,
    result: WorkResult<B, E>,
    grpc: bool,
) -> Answer<B, E> {
    match (settled, result) {
        // That goes on to whoever called, whatever others have answered.
        (_, WorkResult::Panicked(panicked)) => resume_unwind(panicked),
        (Settled::Other(answer), _) => Ok(replay(answer?, grpc)?),
        (Settled::Ours, WorkResult::Failed(error)) => Err(IdempotencyError::Inner(error)),
        (Settled::Ours, WorkResult::Passed(head, body)) => Ok(Response::from_parts(head, body)),
        (Settled::Ours, WorkResult::Whole(head, body, trailers)) => {
            Ok(Response::from_parts(head, IdempotencyBody::whole(body, trailers)))
        }
    }
}

/// A try that wants its key.
struct Entry<'a, St> {
    shared: &'a Arc<Shared<St>>,
    key: Key,
    fingerprint: Fingerprint,
    flight: &'a Arc<Flight>,
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
    async fn enter(&self) -> Result<Entered<St>, Refused> {
        let mut patience = Patience::new(self.shared.config.wait);
        loop {
            match self.shared.flights.join(self.key, &self.fingerprint, self.flight) {
                Found::Nobody(seat) => return self.claim(seat, &mut patience).await,
                Found::Different => return Err(Refused::new(RefusedKind::KeyReused)),
                Found::Other(other, safe_until) => {
                    // In a box, as most tries have nobody to wait for, and no room to spare.
                    match patience.wait(Box::pin(other.landed()), safe_until).await {
                        Some(Landed::Record(record)) => return Ok(Entered::Replay(record)),
                        Some(Landed::Unprotected(error)) => {
                            self.tell_unprotected(error);
                            return Ok(Entered::Unprotected);
                        }
                        None if patience.is_over() => return Err(Refused::in_progress()),
                        // Or its lease has ended, or was renewed meanwhile.
                        Some(Landed::Gone) | None => {}
                    }
                }
            }
        }
    }

    async fn claim(&self, mut seat: Seat, patience: &mut Patience) -> Result<Entered<St>, Refused> {
        let claim = self.claim_of();
        loop {
            let mut cleanup = Cleanup::of_claim(self.shared, &claim);
            self.flight.set_leaving(Leaving::AsSaid);
            let limit = self.shared.config.store_timeout;
            let claimed = ask_since(limit, || self.shared.store.claim(&claim));
            let claimed = match claimed.await {
                Ok((asked, Claimed::First(held))) => {
                    cleanup.holds(held);
                    let lease = Lease::new(asked, self.shared.config.lease);
                    seat.is_safe_until(lease.safe_until());
                    let shared = Arc::clone(self.shared);
                    return Ok(Entered::First(Owner { shared, held, lease, seat, cleanup }));
                }
                other => other.map(|(_, claimed)| claimed),
            };
            self.flight.set_leaving(Leaving::Drops);
            if !self.may_be_granted(&claimed) {
                cleanup.is_done();
            }
            match claimed {
                Ok(Claimed::Running { left }) if patience.pause(left).await => {}
                Ok(Claimed::Completed(record)) => {
                    seat.land_with(&record);
                    return Ok(Entered::Replay(record));
                }
                Err(error) if self.runs_without(&error) => {
                    seat.land(|_| Landed::Unprotected(error.kind()));
                    self.tell_unprotected(error.kind());
                    return Ok(Entered::Unprotected);
                }
                Err(error) => return Err(Refused::store(error)),
                Ok(claimed) => return Err(refusal(&claimed)),
            }
        }
    }

    fn tell_unprotected(&self, error: StoreErrorKind) {
        self.shared.config.tell(|| Event::Unprotected { key: self.key, error });
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

    /// Whether it is refused though the store may have granted it, which is then given back.
    fn may_be_granted(&self, claimed: &Result<Claimed, StoreError>) -> bool {
        let Err(error) = claimed else { return false };
        error.kind() == StoreErrorKind::Unavailable && !self.runs_without(error)
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
            Refused::in_progress()
        }
    }
}

/// The try that has the key.
struct Owner<St: Store> {
    shared: Arc<Shared<St>>,
    held: Held,
    lease: Lease,
    seat: Seat,
    cleanup: Cleanup<St>,
}

/// Whose answer is the one.
enum Settled {
    Ours,
    Other(Result<Bytes, Refused>),
}

impl<St: Store> Owner<St> {
    fn attempt(&self) -> Attempt {
        Attempt::new(self.held, Arc::clone(self.seat.flight()))
    }

    /// What is to be stored, if anything is. An answer that is too long with its headers is
    /// settled as what cannot be.
    fn record_of<B: Body, E>(&self, worked: &mut Worked<B, E>, grpc: bool) -> Bytes {
        let WorkResult::Whole(head, body, trailers) = &worked.result else {
            return Record::marker();
        };
        if worked.settle != Settle::Store {
            return Bytes::new();
        }
        let (status, headers, trailers) = (head.status, &head.headers, trailers.as_ref());
        let answer = AnswerRef { grpc, status, headers, body, trailers };
        // The headers of a gRPC answer that is an error at once are its trailers.
        let are_trailers = grpc && head.headers.contains_key(GRPC_STATUS);
        let config = &self.shared.config;
        let is_kept = |name: &HeaderName| {
            if are_trailers { !is_framing(name) } else { config.is_replayed(name) }
        };
        let record = answer.encode(is_kept);
        if record.len().saturating_sub(MOST_FIELDS) <= config.response_limit {
            return record;
        }
        worked.settle = (config.outcomes)(Ending::Unstorable);
        Record::marker()
    }

    async fn settle(&mut self, settle: Settle, record: Bytes) -> Settled {
        match settle {
            Settle::Store => return self.complete(record).await,
            Settle::Release => self.release().await,
            // It is given up as what was taken over is: so that the next try is told.
            Settle::HandOver => {
                self.held.taken_over = true;
                self.release().await;
            }
            Settle::Leave => {}
        }
        Settled::Ours
    }

    /// If it fails the lease runs out.
    async fn release(&self) {
        let limit = self.shared.config.store_timeout;
        if let Err(error) = release(&*self.shared.store, &self.held, limit).await {
            let Held { key, fence, .. } = self.held;
            self.shared.config.tell(|| Event::NotReleased { key, fence, error: error.kind() });
        }
    }

    async fn complete(&mut self, record: Bytes) -> Settled {
        let Self { shared, held, lease, seat, cleanup } = self;
        let Config { store_timeout, keep, on_outage, .. } = shared.config;
        let complete = || shared.store.complete(held, record.clone(), keep);
        // The handler has nothing to be told any more. That it is lost may be what it has come to.
        let told = |kept| match kept {
            Kept::Until(safe) => seat.is_safe_until(safe),
            Kept::Lost => seat.give_up(),
        };
        // In a box that is made if it is polled: most answers are stored at once.
        let renewing = async { Box::pin(lease.keep(&*shared.store, held, told)).await };
        let error = match Beside::new(ask(store_timeout, complete), renewing).await {
            Ok(Completion::Stored) => {
                seat.land_with(&record);
                return Settled::Ours;
            }
            Ok(Completion::Lost(theirs)) => {
                lose(&shared.config, seat.flight(), held);
                let Some(theirs) = theirs else {
                    return Settled::Other(Err(Refused::in_progress()));
                };
                seat.land_with(&theirs);
                return Settled::Other(Ok(theirs));
            }
            Err(error) => error,
        };
        let Held { key, fence, .. } = *held;
        shared.config.tell(|| Event::NotStored { key, fence, error: error.kind() });
        if error.kind() == StoreErrorKind::Unavailable {
            // It goes on asking after this client is answered, for the sake of those that come.
            cleanup.completes(*held, record, lease.safe_until());
        }
        if on_outage == OnOutage::Run && lease.is_safe() {
            // Nobody else can have answered yet.
            return Settled::Ours;
        }
        Settled::Other(Err(Refused::store(error)))
    }
}

/// The handler is told, and who listens, once.
fn lose(config: &Config, flight: &Flight, held: &Held) {
    if flight.lose() {
        config.tell(|| Event::ClaimLost { key: held.key, fence: held.fence });
    }
}
