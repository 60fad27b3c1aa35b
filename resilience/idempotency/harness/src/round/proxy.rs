//! Between workers and the server: it can be told to lose answers, to keep requests back, and to
//! lose what commits a transaction, or the answer to that.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::history::{Span, micros};

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
    /// How many commits are to be lost on the way, in all ways in turn; how often that was
    /// done; and for how many milliseconds one is kept back from then on.
    commits: AtomicU64,
    has_lost: AtomicU64,
    lost_for: AtomicU64,
    /// When requests were kept back.
    spans: Mutex<Vec<Span>>,
}

/// What becomes of a commit. To who has sent it all are the same: the connection is cut.
#[derive(Clone, Copy, Debug)]
enum Lost {
    /// It does not arrive.
    Itself,
    /// Its answer does not.
    Answer,
    /// It arrives later.
    Time,
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

    /// The next so many commits cut their connections: before they arrive, when they are answered,
    /// or at once, and arrive so many milliseconds later.
    pub(super) fn lose_commits(&self, commits: u64, millis: u64) {
        self.state.lost_for.store(millis, SeqCst);
        self.state.commits.store(commits, SeqCst);
    }

    /// How many commits were lost.
    pub(super) fn commits(&self) -> u64 {
        self.state.has_lost.load(SeqCst)
    }

    /// When requests were kept back. Of those that still are, when they are to be passed on.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.state.spans().clone()
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

impl State {
    fn spans(&self) -> MutexGuard<'_, Vec<Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps something back. Where that comes right behind something else that was, it has waited
    /// since then.
    async fn keep_back(&self, millis: u64, last: &mut Option<u64>) {
        let now = micros();
        let from = *last.get_or_insert(now);
        let at = {
            let mut spans = self.spans();
            spans.push(Span { from, until: now + millis * 1000 });
            spans.len() - 1
        };
        sleep(Duration::from_millis(millis)).await;
        if let Some(span) = self.spans().get_mut(at) {
            span.until = micros();
        }
    }

    fn loses(&self, request: &[u8]) -> Option<Lost> {
        if !is_commit(request) || !take(&self.commits, &self.has_lost) {
            return None;
        }
        Some(match self.has_lost.load(SeqCst) % 4 {
            0 => Lost::Itself,
            2 => Lost::Time,
            _ => Lost::Answer,
        })
    }
}

/// Clients send it by itself, as a simple query.
fn is_commit(request: &[u8]) -> bool {
    request.first() == Some(&b'Q') && request.get(5..).is_some_and(|sql| sql.starts_with(b"COMMIT"))
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
        let (cut, is_cut) = watch::channel(Cut::Not);
        tokio::spawn(requests(from_client, to_server, (ended, cut), state.clone()));
        tokio::spawn(answers(from_server, to_client, (end, is_cut), state.clone()));
    }
}

/// What is to become of the answers on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Not,
    /// None is passed on any more.
    Next,
    /// The client is not to wait for any.
    Now,
}

/// Ends when the client has gone, or the connection was cut. What the client had sent is passed on.
async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (mut ended, cut): (watch::Receiver<()>, watch::Sender<Cut>),
    state: Arc<State>,
) {
    let mut buffer = [0; 4096];
    let mut last = None;
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = ended.changed() => return,
        };
        let Ok(read @ 1..) = read else { return };
        let Some(request) = buffer.get(..read) else { return };
        let lost = state.loses(request);
        match lost {
            Some(Lost::Itself) => return,
            Some(Lost::Answer) => drop(cut.send(Cut::Next)),
            Some(Lost::Time) => {
                let _ = cut.send(Cut::Now);
                state.keep_back(state.lost_for.load(SeqCst), &mut last).await;
            }
            None if take(&state.kept_back, &state.has_kept_back) => {
                state.keep_back(state.millis.load(SeqCst), &mut last).await;
            }
            None => last = None,
        }
        if to.write_all(request).await.is_err() || matches!(lost, Some(Lost::Time)) {
            return;
        }
    }
}

/// Ends when the server has gone, or with a cut.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (end, mut cut): (watch::Sender<()>, watch::Receiver<Cut>),
    state: Arc<State>,
) {
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            Ok(_) = cut.wait_for(|cut| *cut == Cut::Now) => break,
        };
        let Ok(read @ 1..) = read else { break };
        if *cut.borrow() != Cut::Not {
            break;
        }
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
