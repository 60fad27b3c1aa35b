//! The suite of all stores.

mod sqlite {
    use std::time::Duration;

    use mainstay_idempotency::conformance::Harness;
    use mainstay_sqlx::SqliteStore;
    use sqlx::SqlitePool;
    use tempfile::TempDir;
    use tokio::sync::Mutex;

    /// Each handle is a pool of its own on the same file.
    struct File {
        folder: TempDir,
        pools: Mutex<Vec<SqlitePool>>,
    }

    impl File {
        fn new() -> Self {
            Self { folder: TempDir::new().unwrap(), pools: Mutex::default() }
        }
    }

    impl Harness for File {
        type Store = SqliteStore;

        async fn store(&self) -> SqliteStore {
            let store = SqliteStore::open(self.folder.path().join("claims.db")).await.unwrap();
            self.pools.lock().await.push(store.pool().clone());
            store
        }

        async fn wait(&self, time: Duration) {
            tokio::time::sleep(time).await;
        }

        /// There is no process but ours: when all have let go of the file, what is opened next reads
        /// it from the beginning.
        async fn restart(&self) -> bool {
            for pool in self.pools.lock().await.drain(..) {
                pool.close().await;
            }
            true
        }

        async fn lose_all(&self) -> bool {
            let store = self.store().await;
            for table in ["mainstay_idempotency", "sqlite_sequence"] {
                let delete = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
                sqlx::query(delete).execute(store.pool()).await.unwrap();
            }
            true
        }

        async fn sweep(&self) {
            self.store().await.sweep(1000).await.unwrap();
        }
    }

    mainstay_idempotency::conformance!(File::new());
}

mod postgres {
    use super::pg::Server;

    mainstay_idempotency::conformance!(Server::shared().await);
}

/// Scenario 28, behind a pooler: what a session has prepared is gone with each transaction.
mod pooled {
    use super::pg::Server;

    mainstay_idempotency::conformance!(Server::pooled().await);
}

mod pg {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use mainstay_idempotency::conformance::{self, Harness};
    use mainstay_sqlx::PgStore;
    use mainstay_testkit::servers::Postgres;
    use sqlx::postgres::PgPoolOptions;
    use sqlx::{Executor, PgPool};
    use tokio::sync::Mutex;

    use crate::support::{pg_options, pg_pool, shared};

    /// Handles are on one of two pools in turn.
    pub(super) struct Server {
        pools: Mutex<[PgPool; 2]>,
        handles: AtomicUsize,
        is_pooled: bool,
        own: Option<std::sync::Mutex<Postgres>>,
    }

    impl Server {
        pub(super) async fn shared() -> Self {
            Self::on(shared(), None).await
        }

        pub(super) async fn pooled() -> Self {
            let pool = || {
                PgPoolOptions::new()
                    .max_connections(4)
                    .before_acquire(|connection, _| {
                        Box::pin(async move {
                            connection.execute("DISCARD ALL").await?;
                            Ok(true)
                        })
                    })
                    .connect_with(pg_options(shared()))
            };
            drop(pg_pool(shared(), 1).await);
            Self {
                pools: Mutex::new([pool().await.unwrap(), pool().await.unwrap()]),
                handles: AtomicUsize::new(0),
                is_pooled: true,
                own: None,
            }
        }

        async fn on(url: &str, own: Option<Postgres>) -> Self {
            Self {
                pools: Mutex::new([pg_pool(url, 4).await, pg_pool(url, 4).await]),
                handles: AtomicUsize::new(0),
                is_pooled: false,
                own: own.map(std::sync::Mutex::new),
            }
        }
    }

    impl Harness for Server {
        type Store = PgStore;

        async fn store(&self) -> PgStore {
            let number = self.handles.fetch_add(1, Ordering::Relaxed);
            let store = PgStore::new(self.pools.lock().await[number % 2].clone());
            if self.is_pooled { store.pooled() } else { store }
        }

        async fn wait(&self, time: Duration) {
            tokio::time::sleep(time).await;
        }

        async fn restart(&self) -> bool {
            let Some(own) = &self.own else { return false };
            let url = {
                let mut server = own.lock().unwrap();
                server.kill().unwrap();
                server.restart().unwrap();
                server.url().to_owned()
            };
            *self.pools.lock().await = [pg_pool(&url, 4).await, pg_pool(&url, 4).await];
            true
        }

        async fn sweep(&self) {
            self.store().await.sweep(1000).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn killed_and_started_again() {
        let server = Postgres::private().unwrap();
        let url = server.url().to_owned();
        let harness = Server::on(&url, Some(server)).await;
        conformance::scenario_20_store_is_restarted(&harness).await;
    }
}
