use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use mainstay_resilience::breaker::InvalidConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic_health::ServingStatus;

use super::gateway::{Gateway, GatewayUrl, InvalidGatewayUrl};
use super::grpc::{self, HealthReporter};
use super::health::{self, Health};
use super::idempotency::{Guards, OpenKeysError};
use super::service::Orders;
use super::sockets::{Sockets, embed_payments};
use super::store::{OpenError, Store};
use super::{OrdersConfig, http, middleware, reconcile};
use crate::serve::{Wire, serve};

/// How long what is in flight may take after the service is asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How much of it may pass with the sockets still open, as long as something is in flight: whoever
/// balances the load sees that the service is not ready, and what it sent before that is served.
const STILL_OPEN: Duration = Duration::from_secs(5);
/// How long what was cut off may take to let go of its keys.
const LET_GO: Duration = Duration::from_secs(1);

/// The service, running.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    store: Store,
    guards: Guards,
    reporter: HealthReporter,
    in_flight: TaskTracker,
    draining: CancellationToken,
    closing: CancellationToken,
    tasks: JoinSet<()>,
    /// The embedded gateway. It outlives the requests in flight, and is cut off with this value.
    _payments: JoinSet<()>,
}

/// Where the service listens, and whom it calls.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// HTTP.
    pub http: SocketAddr,
    /// gRPC.
    pub grpc: SocketAddr,
    /// The payment gateway.
    pub payments: GatewayUrl,
    /// The operator's listener.
    pub admin: SocketAddr,
}

/// Routes that a program of one's own adds to those of the service, under the same layers.
#[derive(Clone, Debug, Default)]
pub struct ExtraRoutes {
    /// Over HTTP.
    pub http: Router,
    /// Over gRPC.
    pub grpc: Router,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database cannot be used.
    #[error("cannot open the database")]
    Database(#[from] OpenError),
    /// The store of idempotency keys cannot be used.
    #[error("cannot open the idempotency store")]
    Idempotency(#[from] OpenKeysError),
    /// There is no socket to be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The generated descriptors cannot be read.
    #[error("cannot describe the service")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The simulator's own address is no URL.
    #[error("cannot call the payment simulator")]
    Payments(#[from] InvalidGatewayUrl),
    /// The breaker's configuration is out of range.
    #[error("cannot set up the circuit breaker")]
    Breaker(#[from] InvalidConfig),
}

impl Server {
    /// Starts the service. It serves when this returns.
    pub async fn start(config: &OrdersConfig, extra: ExtraRoutes) -> Result<Self, StartError> {
        let store = Store::open(&config.database).await?;
        let keys = config.idempotency.open(store.id()).await?;
        let mut guards = Guards::on(keys.store.clone());
        let sockets = Sockets::bind(config).await?;
        let mut payments = JoinSet::new();
        let url = match &config.payments {
            Some(url) => url.clone(),
            None => embed_payments(&mut payments).await?,
        };
        let addresses = sockets.addresses(url)?;
        let gateway = Gateway::new(&addresses.payments)?;
        let orders = Orders::new(store.clone(), gateway, keys.store.clone());
        let draining = CancellationToken::new();
        let health = Health::new(&orders, keys, draining.clone());
        let closing = CancellationToken::new();
        let (grpc, reporter) = grpc::router(orders.clone(), &mut guards, closing.clone()).await?;
        let http = http::router(orders.clone(), &mut guards);
        let mut server = Self {
            addresses,
            store,
            guards,
            reporter,
            in_flight: TaskTracker::new(),
            draining,
            closing,
            tasks: JoinSet::new(),
            _payments: payments,
        };
        let http = http.merge(health::router(health.clone())).merge(extra.http);
        server.spawn(sockets.http, Wire::Http, http);
        server.spawn(sockets.grpc, Wire::Grpc, grpc.merge(extra.grpc));
        let admin =
            http::admin_router([orders.gateway.breaker().clone()]).merge(health::router(health));
        server.spawn(sockets.admin, Wire::Http, admin);
        server.tasks.spawn(reconcile::run(orders, server.draining.clone()));
        Ok(server)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Stops in order: says that it is not ready, lets what is in flight finish, closes, and lets go
    /// of the keys of those that have gone away. What
    /// takes longer than the grace of ten seconds is cut off; an order that is cut off stays
    /// pending, and the next process finishes it.
    pub async fn drain(mut self) {
        if timeout(GRACE, self.finish()).await.is_err() {
            tracing::warn!("requests were cut off at the end of the grace");
            self.tasks.shutdown().await;
            let _ = timeout(LET_GO, self.guards.drain()).await;
        }
        self.store.close().await;
    }

    async fn finish(&mut self) {
        self.draining.cancel();
        for service in ["", "orders.v1.OrderService"] {
            self.reporter.set_service_status(service, ServingStatus::NotServing).await;
        }
        self.in_flight.close();
        let _ = timeout(STILL_OPEN, self.in_flight.wait()).await;
        self.closing.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.guards.drain().await;
    }

    fn spawn(&mut self, socket: TcpListener, wire: Wire, router: Router) {
        let router = middleware::around(router, &self.in_flight);
        self.tasks.spawn(serve(socket, wire, router, self.closing.clone()));
    }
}

/// The line that is printed when the service listens.
impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http, grpc, payments, admin } = self;
        write!(f, "http={http} grpc={grpc} payments={payments} admin={admin}")
    }
}
