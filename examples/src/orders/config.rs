use std::net::SocketAddr;

use clap::Parser;

use super::gateway::GatewayUrl;
use super::idempotency::KeyStore;
use crate::logs::LogFormat;

/// The reference service: orders over HTTP and gRPC.
///
/// The value of an environment variable is not shown in the help, as a database's URL has a
/// password in it.
#[derive(Clone, Parser)]
#[command(name = "orders", version)]
pub struct OrdersConfig {
    /// Where to serve HTTP; port 0 picks a free one
    #[arg(long, env = "ORDERS_HTTP", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub http: SocketAddr,

    /// Where to serve gRPC
    #[arg(long, env = "ORDERS_GRPC", default_value = "127.0.0.1:50051", value_name = "ADDR")]
    pub grpc: SocketAddr,

    /// Where orders are kept: `sqlite://FILE` or `postgres://…`; the schema is created on start
    #[arg(
        long,
        env = "ORDERS_DATABASE",
        hide_env_values = true,
        default_value = "sqlite://orders.db",
        value_name = "URL"
    )]
    pub database: String,

    /// Where idempotency keys are kept: `database`, `memory` or `redis://…`
    #[arg(
        long,
        env = "ORDERS_IDEMPOTENCY",
        hide_env_values = true,
        default_value = "database",
        value_name = "WHERE"
    )]
    pub idempotency: KeyStore,

    /// Where the operator's listener is
    #[arg(long, env = "ORDERS_ADMIN", default_value = "127.0.0.1:0", value_name = "ADDR")]
    pub admin: SocketAddr,

    /// The payment gateway to call; without it a simulator in this process
    #[arg(long, env = "ORDERS_PAYMENTS", value_name = "URL")]
    pub payments: Option<GatewayUrl>,

    /// How logs look on stderr; json unless stdout is a terminal
    #[arg(long, env = "ORDERS_LOG", value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

impl std::fmt::Debug for OrdersConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrdersConfig")
            .field("http", &self.http)
            .field("grpc", &self.grpc)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}
