use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::OrdersConfig;
use super::gateway::GatewayUrl;
use super::server::{Addresses, StartError};
use crate::payments;
use crate::serve::{Wire, serve};

/// The sockets of the service, before anything is served on them.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) http: TcpListener,
    pub(super) grpc: TcpListener,
    pub(super) admin: TcpListener,
}

impl Sockets {
    /// Binds all of them, or fails.
    pub(super) async fn bind(config: &OrdersConfig) -> Result<Self, StartError> {
        Ok(Self {
            http: listen(config.http).await?,
            grpc: listen(config.grpc).await?,
            admin: listen(config.admin).await?,
        })
    }

    /// Where they are, now that free ports are picked.
    pub(super) fn addresses(&self, payments: GatewayUrl) -> Result<Addresses, StartError> {
        Ok(Addresses {
            http: address(&self.http)?,
            grpc: address(&self.grpc)?,
            payments,
            admin: address(&self.admin)?,
        })
    }
}

/// Starts the payment simulator in this process.
pub(super) async fn embed_payments(tasks: &mut JoinSet<()>) -> Result<GatewayUrl, StartError> {
    let socket = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
    let url = GatewayUrl::local(address(&socket)?)?;
    tasks.spawn(serve(socket, Wire::Http, payments::router(), CancellationToken::new()));
    Ok(url)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn address(socket: &TcpListener) -> Result<SocketAddr, StartError> {
    let anywhere = (Ipv4Addr::UNSPECIFIED, 0).into();
    socket
        .local_addr()
        .map_err(|source: io::Error| StartError::Listen { address: anywhere, source })
}
