use std::net::SocketAddr;

use clap::Parser;

use crate::logs::LogFormat;

/// A payment gateway to test against. It keeps its charges in memory.
#[derive(Clone, Debug, Parser)]
#[command(name = "payments", version)]
pub struct PaymentsConfig {
    /// Where to listen; port 0 picks a free one
    #[arg(long, env = "PAYMENTS_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// How logs look on stderr; json unless stdout is a terminal
    #[arg(long, env = "PAYMENTS_LOG", value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}
