//! The payment simulator as a process of its own.

use std::process::ExitCode;

use mainstay_examples::cli;
use mainstay_examples::logs::{self, LogFormat};
use mainstay_examples::payments::{self, PaymentsConfig};

#[tokio::main]
async fn main() -> ExitCode {
    let config = match cli::parse::<PaymentsConfig>() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let _flushed_at_the_end = logs::init(LogFormat::or_default(config.log));
    match payments::run(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::cannot_start(&format_args!("cannot listen on {}: {error}", config.listen))
        }
    }
}
