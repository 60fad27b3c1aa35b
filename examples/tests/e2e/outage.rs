//! What the service stands on goes away while it runs.

use mainstay_testkit::servers::Postgres;

use crate::support::{Database, Fault, Service, Simulator, assert_problem, eventually, new_order};

const NO_KEYS: Fault =
    Fault { status: 503, reason: "IDEMPOTENCY_STORE_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_DATABASE: Fault =
    Fault { status: 503, reason: "DATABASE_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_PAYMENTS: Fault =
    Fault { status: 503, reason: "PAYMENTS_UNAVAILABLE", code: "UNAVAILABLE" };

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_while_the_database_is_away() {
    let mut database = Database::Postgres(Box::new(Postgres::private().unwrap()));
    let service = Service::start(&database).await;
    let api = &service.api;
    let order = api.ordered("k").await;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());

    server(&mut database).stop().unwrap();
    assert_problem(api.order("l", &new_order()).await, NO_KEYS).await;
    assert_problem(api.get(&path).await, NO_DATABASE).await;
    assert_problem(api.get("/readyz").await, NO_DATABASE).await;
    assert_eq!(api.get("/healthz").await.status(), 200);
    assert_eq!(service.gateway.total().await, 1);

    server(&mut database).restart().unwrap();
    eventually("readiness", async || (api.get("/readyz").await.status() == 200).then_some(()))
        .await;
    assert_eq!(api.get_json(&path).await, order);
    api.ordered("l").await;
    assert_eq!(service.gateway.total().await, 2);
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_told_as_such() {
    let (database, simulator) = (Database::sqlite(), Simulator::start().await);
    let service = Service::start_calling(&database, &simulator).await;
    service.api.ordered("k").await;
    simulator.process.kill().await;
    assert_problem(service.api.order("l", &new_order()).await, NO_PAYMENTS).await;
    assert_eq!(service.api.get("/readyz").await.status(), 200, "orders can still be read");
}

fn server(database: &mut Database) -> &mut Postgres {
    match database {
        Database::Postgres(server) => server,
        Database::Sqlite(_) => panic!("a file does not go away"),
    }
}
