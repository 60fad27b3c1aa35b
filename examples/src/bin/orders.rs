//! The reference service as a process.

use std::process::ExitCode;

use mainstay_examples::cli;
use mainstay_examples::logs::{self, LogFormat};
use mainstay_examples::orders::{self, OrdersConfig};

#[tokio::main]
async fn main() -> ExitCode {
    let config = match cli::parse::<OrdersConfig>() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let _flushed_at_the_end = logs::init(LogFormat::or_default(config.log));
    match orders::run(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::cannot_start(&cli::with_causes(&error)),
    }
}
