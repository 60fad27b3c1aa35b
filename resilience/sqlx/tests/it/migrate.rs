//! Making the tables, by many at once and in the wrong places.

use std::error::Error;
use std::time::Duration;

use mainstay_idempotency::{Claimed, Store, StoreErrorKind};
use mainstay_sqlx::{
    Begun, MigrateError, POSTGRES_SCHEMA, PgStore, SQLITE_SCHEMA, Settled, SqliteStore,
};
use mainstay_testkit::servers::Postgres;
use sqlx::PgPool;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::task::JoinSet;

use crate::support::{File, claim, pg_options, pg_pool_options, shared};

/// Several processes that start together all find the tables missing, whatever their transactions
/// see by default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_make_the_tables_of_postgres_at_once() {
    for level in ["read committed", "read committed", "repeatable read", "serializable"] {
        let schema = format!("s{}", claim().nonce);
        let admin = pg_pool_options(1).connect_with(pg_options(shared())).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        sqlx::raw_sql(create).execute(&admin).await.unwrap();
        let mut migrations = JoinSet::new();
        for _ in 0..8 {
            let options = pg_options(shared()).options([
                ("search_path", schema.as_str()),
                ("default_transaction_isolation", level),
            ]);
            let pool = pg_pool_options(1).connect_lazy_with(options);
            migrations.spawn(async move {
                PgStore::migrate(&pool).await.unwrap();
                PgStore::migrate(&pool).await.unwrap();
                PgStore::new(pool).claim(&claim()).await.unwrap()
            });
        }
        let claimed = migrations.join_all().await;
        assert!(claimed.iter().all(|it| matches!(it, Claimed::First(_))), "{claimed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_make_the_tables_of_sqlite_at_once() {
    for _ in 0..5 {
        let file = File::new();
        let mut migrations = JoinSet::new();
        for _ in 0..8 {
            let path = file.path();
            migrations.spawn(async move {
                SqliteStore::open(path).await.unwrap().claim(&claim()).await.unwrap()
            });
        }
        let claimed = migrations.join_all().await;
        assert!(claimed.iter().all(|it| matches!(it, Claimed::First(_))), "{claimed:?}");
    }
}

#[tokio::test]
async fn tables_of_a_newer_release_are_left_alone() {
    let file = File::new();
    let store = file.store().await;
    sqlx::query("INSERT INTO mainstay_idempotency_version VALUES (7)")
        .execute(store.pool())
        .await
        .unwrap();
    let error = SqliteStore::open(file.path()).await.unwrap_err();
    assert!(matches!(error, MigrateError::Newer { found: 7, known: 1 }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the idempotency tables have version 7, and this release knows 1"
    );
}

/// The row that says the version may have been lost, and the tables are there all the same.
#[tokio::test]
async fn tables_without_a_version_are_of_the_first() {
    const EMPTY: &str = "DELETE FROM mainstay_idempotency_version";
    let file = File::new();
    let store = file.store().await;
    sqlx::query(EMPTY).execute(store.pool()).await.unwrap();
    SqliteStore::open(file.path()).await.unwrap();

    let pool = schema(shared()).await;
    sqlx::query(EMPTY).execute(&pool).await.unwrap();
    PgStore::migrate(&pool).await.unwrap();
    let claimed = PgStore::new(pool).claim(&claim()).await.unwrap();
    assert!(matches!(claimed, Claimed::First(_)));
}

/// What the documentation says that an account needs is enough.
#[tokio::test]
async fn an_account_needs_no_more_than_is_said() {
    let server = Postgres::private().unwrap();
    let pool = schema(server.url()).await;
    let role = format!("r{}", claim().nonce);
    let schema: String =
        sqlx::query_scalar("SELECT current_schema::text").fetch_one(&pool).await.unwrap();
    let grant = sqlx::AssertSqlSafe(format!(
        "CREATE ROLE {role};
        GRANT USAGE ON SCHEMA {schema} TO {role};
        GRANT USAGE ON SEQUENCE mainstay_idempotency_fence TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON mainstay_idempotency TO {role};
        GRANT SELECT ON mainstay_idempotency_version TO {role}"
    ));
    sqlx::raw_sql(grant).execute(&pool).await.unwrap();
    let set = sqlx::AssertSqlSafe(format!("SET ROLE {role}"));
    sqlx::raw_sql(set).execute(&pool).await.unwrap();

    PgStore::migrate(&pool).await.unwrap();
    let store = PgStore::new(pool);
    let Claimed::First(held) = store.claim(&claim()).await.unwrap() else { panic!() };
    store.renew(&held, Duration::from_secs(1)).await.unwrap();
    store.complete(&held, "done".into(), Duration::from_secs(1)).await.unwrap();
    store.release(&held).await.unwrap();
    let Begun::First(tx) = store.begin(&claim()).await.unwrap() else { panic!() };
    let held = *tx.held();
    tx.complete("done".into(), Duration::from_mins(1)).await.unwrap();
    assert_eq!(store.settle(&held).await.unwrap(), Settled::Stored("done".into()));
    store.sweep(100).await.unwrap();
}

/// One connection to a schema of its own, with the tables made.
async fn schema(url: &str) -> PgPool {
    let schema = format!("s{}", claim().nonce);
    let options = pg_options(url).options([("search_path", schema.as_str())]);
    let pool = pg_pool_options(1).connect_with(options).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    PgStore::migrate(&pool).await.unwrap();
    pool
}

/// Scenario 29: a file that is something else is said to be that, and not written to.
#[tokio::test]
async fn a_foreign_file_is_refused() {
    let file = File::new();
    let text = b"Dear diary, this is not a database, however long it may be.\n".repeat(100);
    std::fs::write(file.path(), &text).unwrap();
    let error = SqliteStore::open(file.path()).await.unwrap_err();
    assert!(matches!(error, MigrateError::Foreign(_)), "{error:?}");
    assert_eq!(std::fs::read(file.path()).unwrap(), text);
}

/// Scenario 29: half of a file is an error of its own, and no empty store.
#[tokio::test]
async fn a_torn_file_is_unreadable() {
    let file = File::new();
    let claims: Vec<_> = (0..200).map(|_| claim()).collect();
    let store = file.store().await;
    for claim in &claims {
        store.claim(claim).await.unwrap();
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(store.pool()).await.unwrap();
    store.pool().close().await;
    let whole = std::fs::read(file.path()).unwrap();
    // Its first page is whole, and says that there are more.
    let mut torn = whole.clone();
    torn[4096 * 3..].fill(0xa5);
    std::fs::write(file.path(), torn).unwrap();
    let options = SqliteStore::connect_options(file.path());
    let store = SqliteStore::new(SqlitePoolOptions::new().connect_lazy_with(options));
    let error = store.claim(&claims[100]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{error:?}");
    assert!(error.source().is_some());
}

/// Scenario 29: a full disk refuses new keys, keeps what it has, and goes on when there is room.
#[tokio::test]
async fn a_full_disk_is_said_to_be_full() {
    let file = File::new();
    drop(file.store().await);
    let options = SqliteStore::connect_options(file.path()).pragma("max_page_count", "40");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    let store = SqliteStore::new(pool);
    let record = bytes::Bytes::from(vec![7; 4096]);
    let keep = Duration::from_mins(1);
    let mut held = Vec::new();
    let error = loop {
        assert!(held.len() < 100, "40 pages do not hold 100 records of one page each");
        let claimed = match store.claim(&claim()).await {
            Ok(Claimed::First(claimed)) => claimed,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        };
        match store.complete(&claimed, record.clone(), keep).await {
            Ok(_) => held.push(claimed),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
    let mut again = claim();
    again.key = held[0].key;
    assert_eq!(store.claim(&again).await.unwrap(), Claimed::Completed(record));
    sqlx::query("DELETE FROM mainstay_idempotency").execute(store.pool()).await.unwrap();
    let Claimed::First(next) = store.claim(&claim()).await.unwrap() else { panic!() };
    assert!(held.iter().all(|before| before.fence < next.fence));
}

/// The documents are what is run.
#[test]
fn the_schemas_are_public() {
    for schema in [POSTGRES_SCHEMA, SQLITE_SCHEMA] {
        assert!(schema.contains("CREATE TABLE mainstay_idempotency ("));
    }
}
