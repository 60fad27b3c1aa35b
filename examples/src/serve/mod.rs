//! Serves a router on a socket until it is told to stop.
//!
//! The same loop carries HTTP and gRPC. tonic's own server is left out for one thing it does:
//! it enforces `grpc-timeout` outside every layer and answers CANCELLED, where the protocol says
//! `DEADLINE_EXCEEDED`. Its routes are an axum router, so they are served like one.

mod activity;

use std::fmt::Debug;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use activity::Activity;

/// The most connections at a time. More wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 4096;
/// The most requests at a time on one HTTP/2 connection.
const MOST_STREAMS: u32 = 256;
/// How long a peer may take over a request's head, and how long a connection is kept for the next.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take to its first request, whatever it sends before that.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long a connection is kept on which nothing is asked. HTTP/1 has the shorter limit above.
const IDLE: Duration = Duration::from_mins(2);
/// The same once serving has stopped. Not at once: what was sent before that may be on its way.
const IDLE_AT_THE_END: Duration = Duration::from_millis(300);
/// How often a quiet HTTP/2 connection is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long to wait when no connection can be accepted, as when files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is spoken on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1, or HTTP/2 of clients that know beforehand.
    Http,
    /// HTTP/2 alone.
    Grpc,
}

/// Serves until `stop`; then accepts nothing more, lets what is in flight finish, and returns.
///
/// Dropping the future cuts every connection.
pub async fn serve(socket: TcpListener, wire: Wire, app: Router, stop: CancellationToken) {
    let builder = builder(wire);
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // The semaphore is never closed.
        let Ok(permit) = room.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = accept(&socket) => accepted,
            () = stop.cancelled() => break,
        };
        let connection = connection(accepted, builder.clone(), app.clone(), stop.clone());
        connections.spawn(async move {
            connection.await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    builder: Builder<TokioExecutor>,
    app: Router,
    stop: CancellationToken,
) {
    let activity = Activity::new();
    let answer = |request| activity.clone().answer(app.clone(), request);
    let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
    let mut connection = pin!(connection);
    tokio::select! {
        served = connection.as_mut() => return say_if_wrong(served),
        () = activity.never_began(FIRST_REQUEST) => return,
        () = activity.idle(IDLE) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        served = connection => say_if_wrong(served),
        () = activity.idle(IDLE_AT_THE_END) => {}
    }
}

/// The peer went away or spoke nonsense: its affair.
fn say_if_wrong<E: Debug>(served: Result<(), E>) {
    if let Err(error) = served {
        tracing::debug!(?error, "connection ended");
    }
}

async fn accept(socket: &TcpListener) -> TcpStream {
    loop {
        match accept_once(socket).await {
            Ok(stream) => return stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept_once(socket: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _peer) = socket.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn builder(wire: Wire) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(PING_INTERVAL);
    match wire {
        Wire::Http => builder,
        Wire::Grpc => builder.http2_only(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Sends this and nothing more, and waits for the end of the connection. Time is paused, and
    /// so passes as soon as everybody waits.
    async fn ends(wire: Wire, sent: &[u8]) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = tokio::spawn(serve(socket, wire, Router::new(), CancellationToken::new()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut rest = Vec::new();
        // An end or a reset: gone is gone.
        let _ = stream.read_to_end(&mut rest).await;
        server.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_is_closed() {
        const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        for sent in [b"".as_slice(), b"PRI * HT", PREFACE] {
            ends(Wire::Http, sent).await;
            ends(Wire::Grpc, sent).await;
        }
        ends(Wire::Http, b"GET / HTTP/1.1\r\nhost: h\r\n").await;
        ends(Wire::Http, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    }
}
