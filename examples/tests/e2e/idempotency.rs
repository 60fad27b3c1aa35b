//! What a key promises.

use serde_json::{Value, json};

use crate::support::{
    Database, Fault, Service, assert_problem, eventually, new_order, on_each_database,
};

on_each_database!(a_key_runs_once, a_key_that_is_still_running, many_at_once_are_one);

const IN_PROGRESS: Fault =
    Fault { status: 409, reason: "IDEMPOTENCY_IN_PROGRESS", code: "ABORTED" };
const REUSED: Fault =
    Fault { status: 422, reason: "IDEMPOTENCY_KEY_REUSED", code: "INVALID_ARGUMENT" };
const MISSING: Fault =
    Fault { status: 400, reason: "IDEMPOTENCY_KEY_MISSING", code: "INVALID_ARGUMENT" };
const INVALID: Fault =
    Fault { status: 400, reason: "IDEMPOTENCY_KEY_INVALID", code: "INVALID_ARGUMENT" };

async fn a_key_runs_once(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;
    let first = api.ordered("k").await;
    let id = first["id"].as_str().unwrap();
    let mut other = new_order();
    other["currency"] = json!("USD");
    assert_problem(api.order("k", &other).await, REUSED).await;

    // Also after the order has moved on: what is answered is what was answered.
    assert_eq!(api.cancel("c", id).await.status(), 200);
    let again = api.order("k", &new_order()).await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()["idempotency-replayed"]),
        (201, &"true".parse().unwrap())
    );
    assert_eq!(again.headers()["location"], format!("/v1/orders/{id}"));
    assert_eq!(again.json::<Value>().await.unwrap(), first);

    let again = api.cancel("c", id).await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    let second = api.ordered("k-2").await;
    assert_problem(api.cancel("c", second["id"].as_str().unwrap()).await, REUSED).await;

    // Another caller's key is another key.
    let request = api.ordering("k", &new_order()).header("x-api-key", "secret");
    let others: Value = request.send().await.unwrap().json().await.unwrap();
    assert_ne!(others["id"], first["id"]);
    assert_eq!(service.gateway.total().await, 3);
}

async fn a_key_that_is_still_running(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;
    service.gateway.set_faults(json!({ "latency_ms": 3500 })).await;
    let order = new_order();
    let (slow, impatient) = tokio::join!(api.order("k", &order), async {
        // It is running for sure once its charge is booked.
        let gateway = &service.gateway;
        eventually("the charge", async || (gateway.total().await == 1).then_some(())).await;
        api.order("k", &order).await
    });
    assert_eq!(slow.status(), 201);
    assert_eq!(impatient.headers()["retry-after"], "1");
    assert_problem(impatient, IN_PROGRESS).await;

    // One that comes while it runs and is patient enough gets its answer.
    service.gateway.set_faults(json!({ "latency_ms": 800 })).await;
    let (slow, patient) = tokio::join!(api.order("l", &order), api.order("l", &order));
    assert_eq!(
        (slow.status(), patient.status()),
        (201.try_into().unwrap(), 201.try_into().unwrap())
    );
    let slow: Value = slow.json().await.unwrap();
    assert_eq!(slow, patient.json::<Value>().await.unwrap());
    assert_eq!(service.gateway.total().await, 2);
}

async fn many_at_once_are_one(database: Database) {
    let service = Service::start(&database).await;
    let order = new_order();
    let requests = (0..20).map(|_| {
        let request = service.api.ordering("k", &order);
        tokio::spawn(async move { request.send().await.unwrap().json::<Value>().await.unwrap() })
    });
    let mut ids = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        ids.push(request.await.unwrap()["id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(service.gateway.total().await, 1);
}

#[tokio::test]
async fn a_decline_is_an_answer_too() {
    let service = Service::start_alone().await;
    service.gateway.set_faults(json!({ "error_rate": 1, "status": 402 })).await;
    let declined = Fault { status: 402, reason: "PAYMENT_DECLINED", code: "FAILED_PRECONDITION" };
    let first = assert_problem(service.api.order("k", &new_order()).await, declined).await;
    service.gateway.no_faults().await;
    let again = service.api.order("k", &new_order()).await;
    assert_eq!(
        (again.status(), &again.headers()["idempotency-replayed"]),
        (402.try_into().unwrap(), &"true".parse().unwrap())
    );
    assert_ne!(again.headers()["x-request-id"], first["request_id"].as_str().unwrap());
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(service.gateway.total().await, 0);
}

#[tokio::test]
async fn keys_that_cannot_be_ones_are_refused() {
    let service = Service::start_alone().await;
    let api = &service.api;
    let post = |path: &str| api.request(reqwest::Method::POST, path);
    assert_problem(post("/v1/orders").json(&new_order()).send().await.unwrap(), MISSING).await;
    assert_problem(post("/v1/orders/x/cancel").send().await.unwrap(), MISSING).await;

    let too_long = "k".repeat(256);
    for key in ["", "\"\"", "\"k", "a\tb", "a, b", &too_long] {
        assert_problem(api.order(key, &new_order()).await, INVALID).await;
    }
    let two = api.ordering("a", &new_order()).header("idempotency-key", "b");
    assert_problem(two.send().await.unwrap(), INVALID).await;
    let differ = api.ordering("a", &new_order()).header("x-idempotency-key", "b");
    assert_problem(differ.send().await.unwrap(), INVALID).await;

    let alias = post("/v1/orders").header("x-idempotency-key", "\"k\"").json(&new_order());
    let first: Value = alias.send().await.unwrap().json().await.unwrap();
    assert_eq!(api.ordered("k").await["id"], first["id"]);
}
