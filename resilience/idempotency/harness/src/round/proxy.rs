//! Between workers and the server: it can be told to lose answers, and to keep requests back.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Passes on what workers send to the server, and what that answers.
pub(super) struct Proxy {
    port: u16,
    server: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    /// How many answers are to be cut, and after how many bytes.
    cuts: AtomicU64,
    after: AtomicU64,
    /// How many requests are to be kept back, and for how many milliseconds.
    kept_back: AtomicU64,
    millis: AtomicU64,
    /// How often that was done.
    has_cut: AtomicU64,
    has_kept_back: AtomicU64,
}

impl Proxy {
    pub(super) async fn before(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(accept(listener, server, state.clone()));
        Ok(Self { port, server, state, accepting })
    }

    /// The URL of the server, but by way of here.
    pub(super) fn url(&self, url: &str) -> String {
        url.replace(&format!(":{}", self.server), &format!(":{}", self.port))
    }

    /// Of the next so many answers only these bytes are passed on, and their connections cut.
    pub(super) fn cut(&self, answers: u64, after: u64) {
        self.state.after.store(after, SeqCst);
        self.state.cuts.store(answers, SeqCst);
    }

    /// The next so many requests are kept back, and passed on then whoever still waits.
    pub(super) fn keep_back(&self, requests: u64, millis: u64) {
        self.state.millis.store(millis, SeqCst);
        self.state.kept_back.store(requests, SeqCst);
    }

    /// How many connections were cut.
    pub(super) fn cuts(&self) -> u64 {
        self.state.has_cut.load(SeqCst)
    }

    /// How many requests were kept back.
    pub(super) fn delays(&self) -> u64 {
        self.state.has_kept_back.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Takes one of those that are to be taken, and counts it.
fn take(from: &AtomicU64, count: &AtomicU64) -> bool {
    let is_taken = from.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
    if is_taken {
        count.fetch_add(1, SeqCst);
    }
    is_taken
}

async fn accept(listener: TcpListener, server: u16, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        // A server that is down: the client notices that its connection is closed.
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
        // Latency is asked for, not left to the system.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        let (end, ended) = watch::channel(());
        tokio::spawn(requests(from_client, to_server, ended, state.clone()));
        tokio::spawn(answers(from_server, to_client, end, state.clone()));
    }
}

/// Ends when the client has gone, or the connection was cut. What the client had sent is passed on.
async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut ended: watch::Receiver<()>,
    state: Arc<State>,
) {
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = ended.changed() => return,
        };
        let Ok(read @ 1..) = read else { return };
        if take(&state.kept_back, &state.has_kept_back) {
            sleep(Duration::from_millis(state.millis.load(SeqCst))).await;
        }
        let Some(request) = buffer.get(..read) else { return };
        if to.write_all(request).await.is_err() {
            return;
        }
    }
}

/// Ends when the server has gone, or with a cut.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    end: watch::Sender<()>,
    state: Arc<State>,
) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let is_cut = take(&state.cuts, &state.has_cut);
        let after = usize::try_from(state.after.load(SeqCst)).unwrap_or(0);
        let passed = if is_cut { after.min(read - 1) } else { read };
        let Some(answer) = buffer.get(..passed) else { break };
        if to.write_all(answer).await.is_err() || is_cut {
            break;
        }
    }
    drop(end);
}
