//! Between a store and its server: it can be told to lose answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes on what clients send to a server, and what that answers.
pub(super) struct Proxy {
    port: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    connections: AtomicUsize,
    cuts: AtomicBool,
    is_silent: AtomicBool,
}

impl Proxy {
    pub(super) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(accept(listener, server, state.clone()));
        Self { port, state, accepting }
    }

    /// The URL of the server, but by way of here.
    pub(super) fn url(&self, server: u16, url: &str) -> String {
        url.replace(&format!(":{server}"), &format!(":{}", self.port))
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The connection of the next answer is cut instead of passing it on.
    pub(super) fn cut(&self) {
        self.state.cuts.store(true, Ordering::SeqCst);
    }

    /// Whether a cut is yet to be made.
    pub(super) fn is_whole(&self) -> bool {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// From here on answers are swallowed.
    pub(super) fn silence(&self) {
        self.state.is_silent.store(true, Ordering::SeqCst);
    }

    /// How many connections there have been.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: u16, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        // A server that is down: the client notices that its connection is closed.
        if let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await {
            tokio::spawn(pass_on(client, server, state.clone()));
        }
    }
}

async fn pass_on(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut request, mut answer) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            Ok(read @ 1..) = client.read(&mut request) => {
                if server.write_all(&request[..read]).await.is_err() {
                    return;
                }
            }
            Ok(read @ 1..) = server.read(&mut answer) => {
                if state.cuts.swap(false, Ordering::SeqCst) {
                    return;
                }
                let is_silent = state.is_silent.load(Ordering::SeqCst);
                if !is_silent && client.write_all(&answer[..read]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}
