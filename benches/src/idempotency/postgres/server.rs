use std::sync::{Arc, Mutex, Weak};

use mainstay_sqlx::PgStore;
use mainstay_testkit::servers::Postgres;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;

use crate::Operation;
use crate::idempotency::claims::MAKE_ORDERS;
use crate::idempotency::clients::{clients, runtime, shared};

const CLIENTS: u32 = 8;

/// The server of all contenders, with the tables.
fn server() -> Arc<Postgres> {
    static SERVER: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    shared(&SERVER, || {
        let server = Postgres::private().expect("a server");
        runtime().block_on(async {
            let pool = PgPool::connect(server.url()).await.expect("a connection");
            PgStore::migrate(&pool).await.expect("tables");
            sqlx::query(MAKE_ORDERS).execute(&pool).await.expect("a table");
            pool.close().await;
        });
        server
    })
}

/// The operation of eight clients, each with a connection of a pool.
pub(super) fn by_eight<T, F>(
    over: impl FnOnce(PgPool) -> T,
    once: impl Fn(T) -> F + Clone + Send + 'static,
) -> Operation
where
    T: Clone + Send + 'static,
    F: Future<Output = Result<(), sqlx::Error>> + Send + 'static,
{
    let (server, runtime) = (server(), runtime());
    let options = PgPoolOptions::new().max_connections(CLIENTS).min_connections(CLIENTS);
    let pool = runtime.block_on(options.connect(server.url())).expect("connections");
    let (counted, on) = (pool.clone(), Arc::clone(&runtime));
    let over = over(pool);
    let operation = clients(runtime, u64::from(CLIENTS), move || {
        let done = once(over.clone());
        async move { done.await.expect("a database") }
    });
    operation.flushed(move || {
        // As long as somebody asks it there is a server.
        let _ = &server;
        flushes(&on, &counted)
    })
}

/// How often the server has flushed its log. Each of its processes tells what it has done when it
/// is told to.
fn flushes(runtime: &Runtime, pool: &PgPool) -> u64 {
    let count = runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(pool.acquire().await?);
        }
        for connection in &mut connections {
            sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut **connection).await?;
        }
        drop(connections);
        let count = "SELECT wal_sync FROM pg_stat_wal";
        sqlx::query_scalar::<_, i64>(count).fetch_one(pool).await
    });
    u64::try_from(count.expect("a server that counts")).unwrap_or_default()
}
