use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Held, Key, Promise, Renewal, Store, StoreError,
};
use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value, pipe};

use crate::answer::{Answer, unreadable};
use crate::argument::{flag, millis, name, owner};
use crate::error::store_error;
use crate::script::{By, Scripts, Source};

/// Claims and answers on Redis, one key for each.
///
/// Over any connection of the crate [`redis`] that can be cloned: one that reconnects, such as
/// what [`connect`](RedisStore::connect) makes, a plain one, or one to a cluster. Clones share it.
///
/// ```no_run
/// use std::time::Duration;
///
/// use mainstay_redis::{RedisStore, redis};
///
/// # async fn store() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = redis::Client::open("redis://10.0.0.7/")?.get_connection_manager().await?;
/// let store = RedisStore::new(manager)
///     .prefix("orders:idempotency:")
///     .timeout(Duration::from_millis(300))
///     .replicas(1, Duration::from_millis(100));
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore<C> {
    connection: C,
    prefix: Arc<str>,
    scripts: Arc<Scripts>,
    timeout: Duration,
    replicas: Option<Replicas>,
    promise: Promise,
}

#[derive(Clone, Copy, Debug)]
struct Replicas {
    count: u32,
    within: Duration,
}

/// One run of a script.
struct Call<'a> {
    script: &'a Source,
    key: Vec<u8>,
    arguments: &'a [&'a [u8]],
}

impl<C> RedisStore<C> {
    /// What names of keys begin with unless [said otherwise](Self::prefix).
    pub const PREFIX: &'static str = "mainstay:idem:";
    /// How long a call may take unless [said otherwise](Self::timeout).
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// Over this connection. What it does of its own with time applies too: plain connections of
    /// the crate `redis` stop waiting for an answer after half a second.
    pub fn new(connection: C) -> Self {
        Self {
            connection,
            prefix: Self::PREFIX.into(),
            scripts: Arc::new(Scripts::new()),
            timeout: Self::TIMEOUT,
            replicas: None,
            promise: Promise::in_memory(),
        }
    }

    /// What names of keys begin with: by default [`PREFIX`](Self::PREFIX). The key in hexadecimal,
    /// 64 characters, follows.
    ///
    /// Services that share a server share keys: the name of the service belongs into the prefix, or
    /// into the [`Scope`](mainstay_idempotency::Scope) of each.
    ///
    /// Something in braces puts all keys into one slot of a cluster: it works, on one node.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a call may take, with all that it has to repeat: by default
    /// [`TIMEOUT`](Self::TIMEOUT). Afterwards the store is
    /// [unavailable](mainstay_idempotency::StoreErrorKind::Unavailable).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Waits, within this time, until so many replicas have what was written, or the record that is
    /// given again: by default none.
    ///
    /// If they have not, the call fails as
    /// [unavailable](mainstay_idempotency::StoreErrorKind::Unavailable), although the primary has
    /// done it; repeated, it waits again. So no client has an answer that a failover would have
    /// undone. It is no round trip more (`WAIT` goes out with the call),
    /// but whatever else is sent over the same connection waits meanwhile. The time is added to
    /// [`timeout`](Self::timeout). Releasing a claim does not wait.
    ///
    /// It makes it unlikely that a failover loses a claim, not impossible: see the
    /// [crate](crate#what-it-rests-on).
    #[must_use]
    pub fn replicas(mut self, count: u32, within: Duration) -> Self {
        self.replicas = (count > 0).then_some(Replicas { count, within });
        self
    }

    /// Says that the server has each write on disk before it answers: `appendonly yes` and
    /// `appendfsync always`. Nothing changes but what the store [promises](Store::promise).
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.promise = Promise::durable().fenced_by_clock();
        self
    }

    #[cfg(test)]
    pub(crate) fn with_scripts(mut self, scripts: Scripts) -> Self {
        self.scripts = Arc::new(scripts);
        self
    }

    /// For scripts: whether what they find is to be written again, so that it can be waited for.
    fn has_replicas(&self) -> &'static [u8] {
        flag(self.replicas.is_some())
    }

    fn limit(&self) -> Duration {
        let within = self.replicas.map_or(Duration::ZERO, |replicas| replicas.within);
        self.timeout.saturating_add(within)
    }
}

impl<C: ConnectionLike + Clone> RedisStore<C> {
    /// Asks the server whether it is there, within the [time](Self::timeout) of a call: for the
    /// readiness of a service.
    ///
    /// It changes nothing, and so says nothing of whether writes are accepted: a server that is
    /// full, or a replica, answers as well.
    ///
    /// # Errors
    ///
    /// [Unavailable](mainstay_idempotency::StoreErrorKind::Unavailable) if there is no answer, or
    /// one that is an error, such as while the server loads its data.
    ///
    /// ```no_run
    /// # async fn ready() -> Result<(), mainstay_idempotency::StoreError> {
    /// let store = mainstay_redis::RedisStore::connect("redis://127.0.0.1/").await?;
    /// store.ping().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ping(&self) -> Result<(), StoreError> {
        let pinged = async {
            let mut answer = self.send_ping().await;
            if answer.as_ref().is_err_and(redis::RedisError::is_connection_dropped) {
                answer = self.send_ping().await;
            }
            answer.map_err(store_error)
        };
        tokio::time::timeout(self.timeout, pinged)
            .await
            .unwrap_or_else(|elapsed| Err(StoreError::unavailable(elapsed)))
    }

    async fn send_ping(&self) -> RedisResult<()> {
        let mut connection = self.connection.clone();
        redis::cmd("PING").exec_async(&mut connection).await
    }

    async fn call(
        &self,
        script: &Source,
        key: &Key,
        arguments: &[&[u8]],
    ) -> Result<Answer, StoreError> {
        let call = Call { script, key: name(&self.prefix, key), arguments };
        tokio::time::timeout(self.limit(), self.run(&call))
            .await
            .unwrap_or_else(|elapsed| Err(StoreError::unavailable(elapsed)))
    }

    /// If the connection breaks, once more, as the next one may be whole: every call can be
    /// repeated.
    async fn run(&self, call: &Call<'_>) -> Result<Answer, StoreError> {
        let mut sent = self.send(call).await;
        if sent.as_ref().is_err_and(redis::RedisError::is_connection_dropped) {
            sent = self.send(call).await;
        }
        let (answer, replicas) = sent.map_err(store_error)?;
        let answer = Answer::read(answer).ok_or_else(unreadable)?;
        match self.replicas {
            Some(asked) if answer.must_last() && replicas < asked.count => {
                let few = format!("{replicas} of {} replicas have it", asked.count);
                Err(StoreError::unavailable(few))
            }
            _ => Ok(answer),
        }
    }

    /// A server that does not know the script is told, which takes one more round trip.
    async fn send(&self, call: &Call<'_>) -> RedisResult<(Value, u32)> {
        const UNKNOWN: ErrorKind = ErrorKind::Server(ServerErrorKind::NoScript);
        match self.send_command(call.command(By::Digest)).await {
            Err(error) if error.kind() == UNKNOWN => {
                self.send_command(call.command(By::Text)).await
            }
            sent => sent,
        }
    }

    /// What the server answers, and how many replicas have it.
    async fn send_command(&self, command: Cmd) -> RedisResult<(Value, u32)> {
        let mut connection = self.connection.clone();
        let Some(Replicas { count, within }) = self.replicas else {
            return Ok((command.query_async(&mut connection).await?, 0));
        };
        // In one go, because `WAIT` is about what its own connection has written: over another one,
        // after a reconnect, it would be content at once.
        let (answer, replicas): (RedisResult<Value>, RedisResult<u32>) = pipe()
            .ignore_errors()
            .add_command(command)
            .cmd("WAIT")
            .arg(count)
            .arg(millis(within))
            .query_async(&mut connection)
            .await?;
        Ok((answer?, replicas?))
    }
}

impl Call<'_> {
    fn command(&self, by: By) -> Cmd {
        self.script.command(by, &self.key, self.arguments)
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Store for RedisStore<C> {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let (lease, keep) = (millis(claim.lease), millis(claim.keep));
        let arguments: [&[u8]; 6] = [
            claim.nonce.as_bytes(),
            &claim.fingerprint.to_bytes(),
            lease.as_bytes(),
            keep.as_bytes(),
            flag(claim.takes_over),
            self.has_replicas(),
        ];
        self.call(&self.scripts.claim, &claim.key, &arguments).await?.claimed(claim)
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        let keep = millis(keep);
        let arguments: [&[u8]; 4] = [&owner(held), &record, keep.as_bytes(), self.has_replicas()];
        self.call(&self.scripts.complete, &held.key, &arguments).await?.completion()
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.call(&self.scripts.release, &held.key, &[&owner(held)]).await?.released()
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        let lease = millis(lease);
        let arguments: [&[u8]; 2] = [&owner(held), lease.as_bytes()];
        self.call(&self.scripts.renew, &held.key, &arguments).await?.renewal()
    }

    fn promise(&self) -> Promise {
        self.promise
    }
}

/// Without the connection, which may have a password in it.
impl<C> fmt::Debug for RedisStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("replicas", &self.replicas)
            .field("promise", &self.promise)
            .finish_non_exhaustive()
    }
}
