//! What the service stands on goes away while it runs.

use std::time::Duration;

use mainstay_redis::redis;
use mainstay_testkit::servers::Postgres;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::time::Instant;

use crate::support::{
    Database, Fault, Service, Setup, Simulator, assert_problem, eventually, new_order,
};

const NO_KEYS: Fault =
    Fault { status: 503, reason: "IDEMPOTENCY_STORE_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_DATABASE: Fault =
    Fault { status: 503, reason: "DATABASE_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_PAYMENTS: Fault =
    Fault { status: 503, reason: "PAYMENTS_UNAVAILABLE", code: "UNAVAILABLE" };

const INTERNAL: Fault = Fault { status: 500, reason: "INTERNAL", code: "INTERNAL" };

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_while_the_database_is_away() {
    let mut database = Database::Postgres(Box::new(Postgres::private().unwrap()));
    let service = Service::start(&database).await;
    let api = &service.api;
    let order = api.ordered("k").await;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());

    server(&mut database).stop().unwrap();
    let refused = api.order("l", &new_order()).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_problem(refused, NO_KEYS).await;
    assert_problem(api.get(&path).await, NO_DATABASE).await;
    assert_problem(api.cancel("c", order["id"].as_str().unwrap()).await, NO_KEYS).await;
    assert_problem(api.get("/readyz").await, NO_DATABASE).await;
    assert_eq!(api.states().await, json!({ "database": "down", "payments": "up" }));
    assert_eq!(api.get("/healthz").await.status(), 200);
    assert_eq!(service.gateway.total().await, 1);

    server(&mut database).restart().unwrap();
    eventually("readiness", async || (api.get("/readyz").await.status() == 200).then_some(()))
        .await;
    assert_eq!(api.get_json(&path).await, order);
    api.ordered("l").await;
    assert_eq!(service.gateway.total().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_looks_at_redis() {
    let mut setup = Setup::redis();
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    let states = |redis| json!({ "database": "up", "idempotency": redis, "payments": "up" });
    assert_eq!(api.get("/readyz").await.status(), 200);
    assert_eq!(api.states().await, states("up"));

    setup.redis_server().stop().unwrap();
    assert_problem(api.get("/readyz").await, NO_KEYS).await;
    assert_eq!(api.states().await, states("down"));
    assert_eq!(api.get("/healthz").await.status(), 200);

    setup.redis_server().restart().unwrap();
    eventually("readiness", async || (api.get("/readyz").await.status() == 200).then_some(()))
        .await;
    assert_eq!(api.states().await, states("up"));

    // One that hears and does not answer is not waited for.
    let redis = redis::Client::open(setup.keys_url()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let pause = redis::cmd("CLIENT").arg("PAUSE").arg(8000).arg("ALL").to_owned();
    pause.exec_async(&mut redis).await.unwrap();
    let start = Instant::now();
    assert_problem(api.get("/readyz").await, NO_KEYS).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    eventually("readiness", async || (api.get("/readyz").await.status() == 200).then_some(()))
        .await;
}

/// Somebody has the file locked for longer than a statement waits, just when the money has moved.
#[tokio::test]
async fn a_database_that_is_busy_after_the_charge_is_waited_for() {
    let (database, service, mut other) = with_a_charge_in_flight().await;
    let answer = async { service.api.order("k", &new_order()).await };
    let lock = async {
        charged(&service).await;
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        tokio::time::sleep(Duration::from_millis(3500)).await;
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    };
    let (answer, ()) = tokio::join!(answer, lock);
    assert_eq!(answer.status(), 201);
    drop(database);
}

/// The charge took so long that the order was taken over and settled meanwhile.
#[tokio::test]
async fn an_order_that_somebody_else_settled_is_answered() {
    let (database, service, mut other) = with_a_charge_in_flight().await;
    let answer = async { service.api.order("k", &new_order()).await };
    let settle = async {
        charged(&service).await;
        let settle = r#"UPDATE orders SET fence = fence + 1, status = 'paid', payment_id = 'theirs',
            answer = CAST('{"payment_id":"theirs"}' AS BLOB)"#;
        sqlx::raw_sql(settle).execute(&mut other).await.unwrap();
    };
    let (answer, ()) = tokio::join!(answer, settle);
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["idempotency-replayed"], "true");
    assert_eq!(answer.json::<Value>().await.unwrap()["payment_id"], "theirs");
    drop(database);
}

/// The gateway remembers what a database that was thrown away had asked for.
#[tokio::test]
async fn another_database_has_other_charges() {
    let simulator = Simulator::start().await;
    for total in [1, 2] {
        let database = Database::sqlite();
        Service::start_calling(&database, &simulator).await.api.ordered("k").await;
        assert_eq!(simulator.gateway.total().await, total);
    }
}

#[tokio::test]
async fn what_the_gateway_refuses_for_good_is_no_outage() {
    let service = Service::start_alone().await;
    for status in [400, 401, 403, 404, 422] {
        service.gateway.set_faults(json!({ "error_rate": 1, "status": status })).await;
        let refused = service.api.order("k", &new_order()).await;
        assert!(!refused.headers().contains_key("retry-after"));
        assert_problem(refused, INTERNAL).await;
    }
    for status in [408, 425, 429] {
        service.gateway.set_faults(json!({ "status": status, "retry_after_s": 99_999 })).await;
        let refused = service.api.order("k", &new_order()).await;
        assert_eq!(refused.headers()["retry-after"], "3600");
        assert_problem(refused, NO_PAYMENTS).await;
    }
}

/// A client that goes away leaves the order to the next one at once.
#[tokio::test]
async fn a_client_that_is_gone_holds_no_order() {
    let service = Service::start_alone().await;
    service.gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let gone = service.api.ordering("k", &new_order()).timeout(Duration::from_millis(300));
    assert!(gone.send().await.unwrap_err().is_timeout());
    service.gateway.no_faults().await;
    // Patience is shorter than a lease.
    service.api.ordered("k").await;
    assert_eq!(service.gateway.total().await, 1);
}

/// A service on a file, whose charges take a second once they are booked, and a connection to
/// that file.
async fn with_a_charge_in_flight() -> (Database, Service, SqliteConnection) {
    let database = Database::sqlite();
    let service = Service::start(&database).await;
    service.gateway.set_faults(json!({ "latency_ms": 1000 })).await;
    let other = SqliteConnection::connect(&database.url()).await.unwrap();
    (database, service, other)
}

async fn charged(service: &Service) {
    let gateway = &service.gateway;
    eventually("the charge", async || (gateway.total().await == 1).then_some(())).await;
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_told_as_such() {
    let (database, simulator) = (Database::sqlite(), Simulator::start().await);
    let service = Service::start_calling(&database, &simulator).await;
    service.api.ordered("k").await;
    simulator.process.kill().await;
    assert_problem(service.api.order("l", &new_order()).await, NO_PAYMENTS).await;
    assert_eq!(service.api.get("/readyz").await.status(), 200, "orders can still be read");
    assert_eq!(service.api.states().await, json!({ "database": "up", "payments": "down" }));
}

fn server(database: &mut Database) -> &mut Postgres {
    match database {
        Database::Postgres(server) => server,
        Database::Sqlite(_) => panic!("a file does not go away"),
    }
}
