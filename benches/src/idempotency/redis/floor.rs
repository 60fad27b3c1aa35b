use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, IntoConnectionInfo, RedisResult, Value, cmd};

use super::server;
use crate::Operation;
use crate::idempotency::clients::{client_beside, runtime};

const ENTRY: &str = include_str!("../../../../resilience/redis/src/lua/entry.lua");
const CLAIM: &str = include_str!("../../../../resilience/redis/src/lua/claim.lua");
const COMPLETE: &str = include_str!("../../../../resilience/redis/src/lua/complete.lua");

/// 200 bytes of answer, with its status and a header.
const RECORD: &[u8] = &[b'a'; 240];
const NONCE: &[u8] = &[7; 16];
const FINGERPRINT: &[u8] = &[1; 33];
const LEASE: &str = "10000";
const KEEP: &str = "86400000";

pub(super) fn firsts() -> Operation {
    let (server, runtime) = (server(), runtime());
    let bare = runtime.block_on(Bare::connect(server.url())).expect("a server that knows them");
    let number = Arc::new(AtomicU64::new(0));
    client_beside(runtime, move || {
        let (mut bare, server) = (bare.clone(), Arc::clone(&server));
        let number = number.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            bare.first(number).await.expect("a server");
            drop(server);
        }
    })
}

pub(super) fn replays() -> Operation {
    let (server, runtime) = (server(), runtime());
    let bare = runtime.block_on(async {
        let mut bare = Bare::connect(server.url()).await?;
        bare.first(0).await?;
        RedisResult::Ok(bare)
    });
    let bare = bare.expect("a server that knows them");
    client_beside(runtime, move || {
        let (mut bare, server) = (bare.clone(), Arc::clone(&server));
        async move {
            bare.replay(0).await.expect("a server");
            drop(server);
        }
    })
}

/// A connection, and the scripts by their digests.
#[derive(Clone)]
struct Bare {
    connection: ConnectionManager,
    claim: Arc<str>,
    complete: Arc<str>,
}

impl Bare {
    async fn connect(url: &str) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let config = ConnectionManagerConfig::new().set_response_timeout(None);
        let client = Client::open(info)?;
        let mut connection = ConnectionManager::new_with_config(client, config).await?;
        let claim = load(&mut connection, CLAIM).await?;
        let complete = load(&mut connection, COMPLETE).await?;
        Ok(Self { connection, claim, complete })
    }

    async fn first(&mut self, number: u64) -> RedisResult<()> {
        let claimed: (String, u64, u64) =
            self.claim(number).query_async(&mut self.connection).await?;
        assert_eq!(claimed.0, "first");
        let mut owner = [0; 24];
        let (fence, nonce) = owner.split_at_mut(8);
        fence.copy_from_slice(&claimed.1.to_be_bytes());
        nonce.copy_from_slice(NONCE);
        let mut complete = cmd("EVALSHA");
        complete.arg(&*self.complete).arg(1).arg(name(number)).arg(&owner).arg(RECORD).arg(KEEP);
        let stored: (String,) = complete.query_async(&mut self.connection).await?;
        assert_eq!(stored.0, "stored");
        Ok(())
    }

    async fn replay(&mut self, number: u64) -> RedisResult<()> {
        let completed: Value = self.claim(number).query_async(&mut self.connection).await?;
        let Value::Array(completed) = completed else { unreachable!("an array") };
        assert_eq!(completed.get(1), Some(&Value::BulkString(RECORD.to_vec())));
        Ok(())
    }

    fn claim(&self, number: u64) -> Cmd {
        let mut claim = cmd("EVALSHA");
        claim.arg(&*self.claim).arg(1).arg(name(number)).arg(NONCE).arg(FINGERPRINT);
        claim.arg(LEASE).arg(KEEP).arg("1");
        claim
    }
}

/// Makes the server know a script.
async fn load(connection: &mut ConnectionManager, body: &str) -> RedisResult<Arc<str>> {
    let text = [ENTRY, body].concat();
    let digest: String = cmd("SCRIPT").arg("LOAD").arg(text).query_async(connection).await?;
    Ok(digest.into())
}

fn name(number: u64) -> String {
    format!("mainstay:floor:{number:064x}")
}
