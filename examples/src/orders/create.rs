//! Ordering, in three steps of which only the middle one leaves the process: a transaction that
//! claims the key and writes the order as pending, the charge, and a transaction that settles the
//! order, stores the answer and completes the claim.
//!
//! Where keys are kept elsewhere a layer around the routes has claimed the key before any of this,
//! and completes it after: the two transactions are then statements about the order alone, under
//! the fence of that claim.
//!
//! Wherever it is cut off, by a deadline, a disconnect or the end of the process, the order stays
//! pending and its lease runs out; then a retry or the reconciler does the second and third step
//! again. The gateway charges once for a key, so that doing it again is safe. Only an order that the
//! gateway was never asked about, as its breaker is open, is taken back.

use std::time::Duration;

use mainstay_core::{Clock as _, SystemClock};
use mainstay_idempotency::{Fence, Fingerprint};
use tokio::time::{Instant, sleep};

use super::OrderError;
use super::answer::{self, Answer};
use super::context::RequestContext;
use super::gateway::{Charge, GatewayError};
use super::idempotency::{PATIENCE, ScopedKey, fingerprint};
use super::model::{NewOrder, Order, Status};
use super::service::Orders;
use super::store::{Claimed, Hold, Record};

/// How often to look whether it is done, and to ask a database that is away.
const LOOK: Duration = Duration::from_millis(100);

impl Orders {
    /// Orders, charging for it; or answers what the key was answered before. `fence` is that of
    /// the claim to the key, if somebody around this has made it.
    pub async fn create(
        &self,
        context: &RequestContext,
        key: &ScopedKey,
        fence: Option<Fence>,
        new: &NewOrder,
    ) -> Result<Answer, OrderError> {
        let fingerprint = fingerprint(new).map_err(|error| OrderError::Internal(error.into()))?;
        self.refuse_in_vain(key).await?;
        match self.claim(key, fence, &fingerprint, new).await? {
            Claimed::Ours(order, hold) => self.charge(context, key, order, hold).await,
            Claimed::Answered(record) => Ok(record.answer(true)),
            Claimed::Busy => Err(OrderError::InProgress),
            Claimed::Reused => Err(OrderError::KeyReused),
        }
    }

    /// While the gateway is shut off nothing new is begun, and nothing written. Under a key that is
    /// known there may be an answer already.
    async fn refuse_in_vain(&self, key: &ScopedKey) -> Result<(), OrderError> {
        let Some(source) = self.gateway.shut_off() else { return Ok(()) };
        if self.store.knows(key).await.map_err(OrderError::no_keys)? {
            return Ok(());
        }
        Err(OrderError::Payments { wait: source.wait(), source })
    }

    /// Claims the key, waiting a little for whoever has it.
    async fn claim(
        &self,
        key: &ScopedKey,
        fence: Option<Fence>,
        fingerprint: &Fingerprint,
        new: &NewOrder,
    ) -> Result<Claimed, OrderError> {
        let patience = Instant::from_std(SystemClock.now()) + PATIENCE;
        loop {
            let claimed = if let Some(fence) = fence {
                self.store.adopt(key, fingerprint, new, fence).await?
            } else {
                let claim = self.store.claim(key, fingerprint, new).await;
                claim.map_err(OrderError::no_keys)?
            };
            match claimed {
                Claimed::Busy if Instant::from_std(SystemClock.now()) < patience => {
                    sleep(LOOK).await;
                }
                claimed => return Ok(claimed),
            }
        }
    }

    /// Charges for a pending order and settles it, giving word all the while. Whatever becomes of
    /// it, the hold is given up at the end.
    pub(super) async fn charge(
        &self,
        context: &RequestContext,
        key: &ScopedKey,
        order: Order,
        hold: Hold,
    ) -> Result<Answer, OrderError> {
        let charge = Charge {
            amount_cents: order.total_cents,
            currency: order.currency,
            reference: order.id,
            key: key.for_gateway(self.store.id()),
        };
        let charged = tokio::select! {
            charged = self.charge_and_settle(context, key, order, &hold, &charge) => charged,
            never = hold.keep() => match never {},
        };
        match charged {
            Ok(Charged::Ours(record)) => {
                hold.settled().await;
                Ok(record.answer(false))
            }
            Ok(Charged::Theirs(record)) => {
                hold.release().await;
                Ok(record.answer(true))
            }
            Err(error) => {
                take_back(&hold, &error).await;
                hold.release().await;
                Err(error)
            }
        }
    }

    async fn charge_and_settle(
        &self,
        context: &RequestContext,
        key: &ScopedKey,
        order: Order,
        hold: &Hold,
        charge: &Charge,
    ) -> Result<Charged, OrderError> {
        let payment = self.gateway.charge(context, charge).await;
        let payment = payment.map_err(|error| unanswered(error, context))?;
        let record = record(context, key, order.settled(payment))?;
        if settle(context, hold, &record).await? {
            return Ok(Charged::Ours(record));
        }
        // Too late, or the answer to an earlier try was lost: somebody has settled it, or will.
        match self.store.answered(key).await? {
            Some(record) => Ok(Charged::Theirs(record)),
            None => Err(OrderError::InProgress),
        }
    }
}

/// Who has settled an order that is charged for.
enum Charged {
    Ours(Record),
    Theirs(Record),
}

/// A settled order with its answer. A decline is in the log here, as it is no error on its way out.
fn record(context: &RequestContext, key: &ScopedKey, order: Order) -> Result<Record, sqlx::Error> {
    if order.status != Status::Declined {
        let body = answer::order(key.wire(), &order)?;
        return Ok(Record { order, body });
    }
    tracing::info!(order = %order.id, request_id = %context.request_id, "payment declined");
    let body = answer::decline(key.wire(), context);
    Ok(Record { order, body })
}

/// Takes an order back that the gateway was never asked about, as its breaker is open: there is
/// nothing to find out, and an outage is not to leave a heap of orders that somebody pays for
/// later. If that fails the order stays pending, which is what the others do.
async fn take_back(hold: &Hold, error: &OrderError) {
    if matches!(error, OrderError::Payments { source, .. } if source.is_unsent()) {
        let _ = hold.withdraw().await;
    }
}

/// Settles, again and again until the deadline while the database is away or busy: the money has
/// moved, and it would be a pity not to say so.
async fn settle(
    context: &RequestContext,
    hold: &Hold,
    record: &Record,
) -> Result<bool, OrderError> {
    loop {
        match hold.settle(record).await {
            Err(error) if error.is_retryable() && context.remaining() > LOOK => sleep(LOOK).await,
            settled => return Ok(settled?),
        }
    }
}

/// A deadline that passed is told as such, whoever noticed first; and a refusal that no retry will
/// change is a mistake of ours.
fn unanswered(error: GatewayError, context: &RequestContext) -> OrderError {
    let is_late = error.is_deadline() || error.is_silence() && context.remaining().is_zero();
    match error {
        _ if is_late => OrderError::DeadlineExceeded,
        refused @ GatewayError::Refused { .. } => OrderError::Internal(refused.into()),
        source => OrderError::Payments { wait: source.wait(), source },
    }
}
