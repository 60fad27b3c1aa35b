use std::io;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{PaymentsConfig, router};
use crate::cli::{self, StopSignals};
use crate::serve::{Wire, serve};

/// Runs the simulator until the process is asked to stop.
///
/// It ends at once: a charge in flight is then neither booked nor answered, which is a fault like
/// those it is there to make.
pub async fn run(config: &PaymentsConfig) -> io::Result<()> {
    let mut stop = StopSignals::listen()?;
    let socket = TcpListener::bind(config.listen).await?;
    cli::say_listening(&format_args!("payments={}", socket.local_addr()?))?;
    tokio::select! {
        () = serve(socket, Wire::Http, router(), CancellationToken::new()) => Ok(()),
        () = stop.received() => Ok(()),
    }
}
