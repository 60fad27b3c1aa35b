use super::OrdersConfig;
use super::server::{ExtraRoutes, Server, StartError};
use crate::cli::{self, StopSignals};

/// Why the process cannot do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The service cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signals or stdout are not to be had.
    #[error("cannot talk to whoever started this process")]
    Process(#[from] std::io::Error),
}

/// Runs the service until the process is asked to stop, and then drains it. Whoever asks twice does
/// not want to wait for that.
pub async fn run(config: &OrdersConfig) -> Result<(), RunError> {
    let mut stop = StopSignals::listen()?;
    let server = tokio::select! {
        server = Server::start(config, ExtraRoutes::default()) => server?,
        () = stop.received() => return Ok(()),
    };
    cli::say_listening(server.addresses())?;
    tracing::info!(addresses = %server.addresses(), "listening");
    stop.received().await;
    tracing::info!("draining");
    tokio::select! {
        () = server.drain() => tracing::info!("stopped"),
        () = stop.received() => tracing::warn!("asked again: requests were cut off"),
    }
    Ok(())
}
