use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::pg_options;

/// What is between a client and a server, and may break.
pub(crate) struct Proxy {
    address: SocketAddr,
    fault: Arc<AtomicU8>,
}

/// It passes everything.
const NONE: u8 = 0;
/// What the server says next, on any connection, cuts that connection instead.
const REPLIES: u8 = 1;
/// The next `COMMIT` cuts its connection instead of arriving, and then all passes.
const COMMIT: u8 = 2;
/// The next `COMMIT` arrives, the reply to it cuts the connection, and then all passes.
const COMMIT_REPLY: u8 = 3;
/// The next `COMMIT` arrives, and from then on no reply passes.
const ALL_FROM_COMMIT: u8 = 4;
/// A commit has gone through, and its reply will not.
const REPLY_ONCE: u8 = 5;
/// What the server says waits until this has passed.
const STALL: u8 = 6;

impl Proxy {
    pub(crate) async fn to(url: &str) -> Self {
        let options = pg_options(url);
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, fault) = (listener.local_addr().unwrap(), Arc::<AtomicU8>::default());
        let faults = Arc::clone(&fault);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(calls(from_client, to_server, faults.clone()));
                tokio::spawn(replies(from_server, to_client, faults.clone()));
            }
        });
        Self { address, fault }
    }

    /// Where to connect.
    pub(crate) fn options(&self, url: &str) -> PgConnectOptions {
        let options = pg_options(url).ssl_mode(sqlx::postgres::PgSslMode::Disable);
        options.host("127.0.0.1").port(self.address.port())
    }

    pub(crate) fn lose_replies(&self) {
        self.fault.store(REPLIES, Ordering::SeqCst);
    }

    pub(crate) fn lose_commit(&self) {
        self.fault.store(COMMIT, Ordering::SeqCst);
    }

    pub(crate) fn lose_reply_to_commit(&self) {
        self.fault.store(COMMIT_REPLY, Ordering::SeqCst);
    }

    pub(crate) fn lose_all_from_commit(&self) {
        self.fault.store(ALL_FROM_COMMIT, Ordering::SeqCst);
    }

    pub(crate) fn stall_replies(&self) {
        self.fault.store(STALL, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self) {
        self.fault.store(NONE, Ordering::SeqCst);
    }
}

/// Whether what a client says passes.
fn call(fault: &AtomicU8, said: &[u8]) -> bool {
    // sqlx sends it by itself, as a simple query.
    if !said.starts_with(b"Q") || !said.windows(6).any(|word| word == b"COMMIT") {
        return true;
    }
    match fault.load(Ordering::SeqCst) {
        COMMIT => fault.store(NONE, Ordering::SeqCst),
        COMMIT_REPLY => {
            fault.store(REPLY_ONCE, Ordering::SeqCst);
            return true;
        }
        ALL_FROM_COMMIT => {
            fault.store(REPLIES, Ordering::SeqCst);
            return true;
        }
        _ => return true,
    }
    false
}

/// Whether what a server says passes.
async fn reply(fault: &AtomicU8) -> bool {
    while fault.load(Ordering::SeqCst) == STALL {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    match fault.load(Ordering::SeqCst) {
        REPLIES => false,
        REPLY_ONCE => {
            fault.store(NONE, Ordering::SeqCst);
            false
        }
        _ => true,
    }
}

/// Where it ends both ends are dropped, and the other direction ends by that.
async fn calls(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Arc<AtomicU8>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !call(&fault, &buffer[..read]) || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn replies(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Arc<AtomicU8>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !reply(&fault).await || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
