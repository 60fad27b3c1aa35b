//! Ordering, in three steps of which only the middle one leaves the process: a statement that
//! claims the key and writes the order as pending, the charge, a statement that settles it.
//!
//! Wherever it is cut off, by a deadline, a disconnect or the end of the process, the order stays
//! pending and its lease runs out; then a retry or the reconciler does the second and third step
//! again. The gateway charges once for a key, so that doing it again is safe. Only an order that the
//! gateway was never asked about, as its breaker is open, is taken back.

use std::time::Duration;

use mainstay_core::{Clock as _, SystemClock};
use mainstay_idempotency::Fingerprint;
use tokio::time::{Instant, sleep};

use super::OrderError;
use super::context::RequestContext;
use super::gateway::{Charge, GatewayError};
use super::idempotency::{PATIENCE, ScopedKey, fingerprint};
use super::model::{NewOrder, Order, Payment, Status};
use super::service::{Answer, Orders};
use super::store::{Claimed, Lease, is_passing};

/// How often to look whether it is done, and to ask a database that is away.
const LOOK: Duration = Duration::from_millis(100);

impl Orders {
    /// Orders, charging for it; or answers what the key was answered before.
    pub async fn create(
        &self,
        context: &RequestContext,
        key: &ScopedKey,
        new: &NewOrder,
    ) -> Result<Answer, OrderError> {
        let fingerprint = fingerprint(new).map_err(|error| OrderError::Internal(error.into()))?;
        self.refuse_in_vain(key).await?;
        match self.claim(key, &fingerprint, new).await? {
            Claimed::Ours(order, lease) => {
                let gateway_key = key.for_gateway(self.store.id());
                let order = self.charge(context, order, lease, gateway_key).await?;
                Ok(Answer { order, replayed: false })
            }
            Claimed::Settled(order) => {
                Ok(Answer { order: as_first_answered(order), replayed: true })
            }
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
        fingerprint: &Fingerprint,
        new: &NewOrder,
    ) -> Result<Claimed, OrderError> {
        let patience = Instant::from_std(SystemClock.now()) + PATIENCE;
        loop {
            let claim = self.store.claim(key, fingerprint, new).await;
            match claim.map_err(OrderError::no_keys)? {
                Claimed::Busy if Instant::from_std(SystemClock.now()) < patience => {
                    sleep(LOOK).await;
                }
                claimed => return Ok(claimed),
            }
        }
    }

    /// Charges for a pending order and settles it, giving word all the while. Whatever becomes of
    /// it, the lease is given up at the end.
    pub(super) async fn charge(
        &self,
        context: &RequestContext,
        order: Order,
        lease: Lease,
        gateway_key: String,
    ) -> Result<Order, OrderError> {
        let held = self.store.hold(lease);
        let charge = Charge {
            amount_cents: order.total_cents,
            currency: order.currency,
            reference: order.id,
            key: gateway_key,
        };
        let charged = tokio::select! {
            charged = self.charge_and_settle(context, order, lease, &charge) => charged,
            never = self.store.keep(lease) => match never {},
        };
        if charged.is_ok() || self.is_withdrawn(lease, &charged).await {
            held.settled();
        }
        charged
    }

    /// Takes an order back that the gateway was never asked about, as its breaker is open: there is
    /// nothing to find out, and an outage is not to leave a heap of orders that somebody pays for
    /// later. If that fails the order stays pending, which is what the others do.
    async fn is_withdrawn(&self, lease: Lease, charged: &Result<Order, OrderError>) -> bool {
        let is_unsent =
            matches!(charged, Err(OrderError::Payments { source, .. }) if source.is_unsent());
        is_unsent && self.store.withdraw(lease).await.unwrap_or(false)
    }

    async fn charge_and_settle(
        &self,
        context: &RequestContext,
        order: Order,
        lease: Lease,
        charge: &Charge,
    ) -> Result<Order, OrderError> {
        let payment = self.gateway.charge(context, charge).await;
        let payment = payment.map_err(|error| unanswered(error, context))?;
        if self.settle(context, lease, &payment).await? {
            return Ok(order.settled(payment));
        }
        // Too late, or the answer to an earlier try was lost: somebody has settled it, or will.
        match self.store.order(order.id).await? {
            Some(order) if order.status != Status::Pending => Ok(as_first_answered(order)),
            _ => Err(OrderError::InProgress),
        }
    }

    /// Settles, again and again until the deadline while the database is away or busy: the money
    /// has moved, and it would be a pity not to say so.
    async fn settle(
        &self,
        context: &RequestContext,
        lease: Lease,
        payment: &Payment,
    ) -> Result<bool, OrderError> {
        loop {
            match self.store.settle(lease, payment).await {
                Err(error) if is_passing(&error) && context.remaining() > LOOK => sleep(LOOK).await,
                settled => return Ok(settled?),
            }
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

/// The order as it was when it was first answered: it may have been called off since.
fn as_first_answered(order: Order) -> Order {
    match order.status {
        Status::Cancelled => Order { status: Status::Paid, ..order },
        _ => order,
    }
}
