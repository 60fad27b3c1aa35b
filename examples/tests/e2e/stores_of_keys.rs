//! What a key promises wherever keys are kept: in the database, in memory or on Redis.

use std::time::Duration;

use mainstay_examples::orders::grpc::v1;
use mainstay_examples::payments::{Booking, Fate};
use mainstay_redis::redis;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::Code;

use crate::breaker::{charges_seen, seed_of};
use crate::errors_grpc::raw;
use crate::support::{
    Fault, Seen, Service, Setup, Simulator, assert_problem, assert_replays, assert_status,
    eventually, keyed, new_order, on_each_store, order_message, with_metadata,
};

on_each_store!(
    sixty_four_at_once_are_one_order_and_one_charge,
    a_kill_during_the_charge_and_a_retry_charge_once,
    a_charge_may_outlast_the_lease,
    a_refusal_is_no_answer,
    a_key_is_of_one_payload,
    what_is_wrong_in_itself_is_told_so_whatever_its_key_was_used_for,
    a_key_is_needed,
    a_key_in_use_is_in_progress,
);

const IN_PROGRESS: Fault =
    Fault { status: 409, reason: "IDEMPOTENCY_IN_PROGRESS", code: "ABORTED" };
const REUSED: Fault =
    Fault { status: 422, reason: "IDEMPOTENCY_KEY_REUSED", code: "INVALID_ARGUMENT" };
const MISSING: Fault =
    Fault { status: 400, reason: "IDEMPOTENCY_KEY_MISSING", code: "INVALID_ARGUMENT" };
const INVALID: Fault =
    Fault { status: 400, reason: "IDEMPOTENCY_KEY_INVALID", code: "INVALID_ARGUMENT" };
const NO_KEYS: Fault =
    Fault { status: 503, reason: "IDEMPOTENCY_STORE_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_PAYMENTS: Fault =
    Fault { status: 503, reason: "PAYMENTS_UNAVAILABLE", code: "UNAVAILABLE" };
const NOT_CANCELLABLE: Fault =
    Fault { status: 409, reason: "ORDER_NOT_CANCELLABLE", code: "FAILED_PRECONDITION" };
const INVALID_FIELDS: Fault =
    Fault { status: 422, reason: "VALIDATION_FAILED", code: "INVALID_ARGUMENT" };
const MALFORMED: Fault = Fault { status: 400, reason: "MALFORMED_BODY", code: "INVALID_ARGUMENT" };
const WRONG_TYPE: Fault =
    Fault { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", code: "INVALID_ARGUMENT" };
const NO_ORDER: Fault = Fault { status: 404, reason: "ORDER_NOT_FOUND", code: "NOT_FOUND" };
const TOO_LARGE: Fault = Fault { status: 413, reason: "BODY_TOO_LARGE", code: "OUT_OF_RANGE" };

async fn sixty_four_at_once_are_one_order_and_one_charge(setup: Setup) {
    const CLIENTS: usize = 64;

    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    gateway.set_faults(json!({ "latency_ms": 300 })).await;

    let mut asked = JoinSet::new();
    for _ in 0..CLIENTS {
        let request = service.api.ordering("k", &new_order());
        asked.spawn(async move { Seen::of(request.send().await.unwrap()).await });
    }
    let answers = asked.join_all().await;
    let (created, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 201);
    assert!(busy.iter().all(|it| it.status == 409 && it.headers["retry-after"] == "1"));
    let first = created.iter().find(|it| !it.is_replay()).expect("a first answer");
    assert_eq!(created.iter().filter(|it| !it.is_replay()).count(), 1);
    assert!(created.iter().all(|it| it.body == first.body));
    assert_eq!(gateway.total().await, 1);

    let mut client = service.grpc().await;
    let mut asked = JoinSet::new();
    for _ in 0..CLIENTS {
        let mut client = client.clone();
        asked.spawn(async move { client.create_order(keyed(order_message(), "k")).await });
    }
    let mut created = Vec::new();
    for answer in asked.join_all().await {
        match answer {
            Ok(order) => created.push(order.into_inner()),
            Err(status) => assert_status(&status, Code::Aborted, "IDEMPOTENCY_IN_PROGRESS"),
        }
    }
    let order = client.create_order(keyed(order_message(), "k")).await.unwrap().into_inner();
    assert!(!created.is_empty() && created.iter().all(|it| *it == order));
    // The route is part of the scope: over gRPC it is another key.
    assert_eq!(gateway.total().await, 2);
    let page = service.api.get_json("/v1/orders").await;
    assert_eq!(page["orders"].as_array().unwrap().len(), 2);
}

async fn a_kill_during_the_charge_and_a_retry_charge_once(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let mut client = service.grpc().await;
    // It hangs before or after the charge is booked, by seed.
    gateway.set_faults(json!({ "hang_rate": 1, "seed": 1 })).await;
    let mut asked = JoinSet::new();
    for key in ["a", "b"] {
        let request = service.api.ordering(key, &new_order());
        asked.spawn(async move { request.send().await.is_err() });
    }
    asked.spawn(async move { client.create_order(keyed(order_message(), "c")).await.is_err() });
    eventually("the charges", async || {
        let seen = gateway.get("/seen").await;
        let charges = seen.as_array().unwrap().iter();
        let charges = charges.filter(|it| it[":method"] == "POST" && it[":path"] == "/charges");
        (charges.count() >= 3).then_some(())
    })
    .await;
    service.process.kill().await;
    assert!(asked.join_all().await.iter().all(|failed| *failed));

    gateway.no_faults().await;
    let service = Service::start_on(&setup, &simulator).await;
    let mut client = service.grpc().await;
    for key in ["a", "b"] {
        eventually("an answer to the retry", async || {
            let response = service.api.order(key, &new_order()).await;
            (response.status() == 201).then_some(())
        })
        .await;
    }
    eventually("an answer to the retry", async || {
        client.create_order(keyed(order_message(), "c")).await.ok()
    })
    .await;
    let orders = service.api.get_json("/v1/orders").await["orders"].clone();
    let orders = orders.as_array().unwrap();
    assert_eq!((orders.len(), gateway.total().await), (3, 3));
    for order in orders {
        assert_eq!(order["status"], "paid");
        assert_eq!(gateway.charges_of(order["id"].as_str().unwrap()).await.len(), 1);
    }
}

/// Whoever charges gives word: neither a retry nor the reconciler takes the order over meanwhile.
async fn a_charge_may_outlast_the_lease(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    // Two attempts of 3.5 s each, and a lease is 5 s.
    let seed = seed_of([Fate::Fails(Booking::Before), Fate::Served]);
    let faults = json!({ "latency_ms": 3500, "error_rate": 0.5, "status": 503, "seed": seed });
    gateway.set_faults(faults).await;
    let answered = async || loop {
        let seen = Seen::of(api.order("k", &new_order()).await).await;
        if seen.status != 409 {
            break seen;
        }
    };
    let (one, other) = tokio::join!(answered(), answered());
    assert_eq!((one.status, other.status), (201, 201));
    assert_eq!(one.body, other.body);
    assert_ne!(one.is_replay(), other.is_replay());
    assert_eq!((charges_seen(gateway).await.len(), gateway.total().await), (2, 1));
}

/// What has had no effect, or may have it yet, is not what a key is answered with for good.
async fn a_refusal_is_no_answer(setup: Setup) {
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    let wrong = api.order("k", &json!({ "lines": [] })).await;
    assert_eq!(wrong.status(), 422);
    simulator.gateway.set_faults(json!({ "error_rate": 1, "status": 503 })).await;
    assert_problem(api.order("k", &new_order()).await, NO_PAYMENTS).await;
    simulator.gateway.set_faults(json!({ "error_rate": 0, "hang_rate": 1 })).await;
    let late = api.ordering("k", &new_order()).header("x-request-timeout-ms", "300");
    assert_eq!(late.send().await.unwrap().status(), 504);
    let gone = api.ordering("k", &new_order()).timeout(Duration::from_millis(300));
    assert!(gone.send().await.unwrap_err().is_timeout());
    simulator.gateway.no_faults().await;
    let order = api.ordered("k").await;
    assert_eq!(simulator.gateway.total().await, 1);

    let missing = "019a8c1e-4f6b-7c3d-8e9f-0a1b2c3d4e5f";
    assert_eq!(api.cancel("c", missing).await.status(), 404);
    let id = order["id"].as_str().unwrap();
    assert_eq!(api.cancel("c-1", id).await.status(), 200);
    for _ in 0..2 {
        let refused = api.cancel("c-2", id).await;
        assert!(!refused.headers().contains_key("idempotency-replayed"));
        assert_problem(refused, NOT_CANCELLABLE).await;
    }
}

async fn a_key_is_of_one_payload(setup: Setup) {
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    let first = Seen::of(api.order("k", &new_order()).await).await;
    let other = api.ordering("k", &new_order()).header("x-api-key", "secret");
    let others = Seen::of(other.send().await.unwrap()).await;
    assert!(others.status == 201 && others.body != first.body, "another caller's is another key");

    let mut other = new_order();
    other["currency"] = json!("USD");
    assert_problem(api.order("k", &other).await, REUSED).await;
    // The same with other white space is the same.
    let text = serde_json::to_string_pretty(&new_order()).unwrap();
    let again = api.ordering("k", &Value::Null).body(text);
    assert_replays(&Seen::of(again.send().await.unwrap()).await, &first);

    let id = |seen: &Seen| -> String {
        let order: Value = serde_json::from_slice(&seen.body).unwrap();
        order["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(api.cancel("c", &id(&first)).await.status(), 200);
    assert_problem(api.cancel("c", &id(&others)).await, REUSED).await;

    let mut client = service.grpc().await;
    client.create_order(keyed(order_message(), "k")).await.unwrap();
    let other = v1::CreateOrderRequest { currency: "USD".to_owned(), ..order_message() };
    let reused = client.create_order(keyed(other, "k")).await.unwrap_err();
    assert_status(&reused, Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(simulator.gateway.total().await, 3);
}

async fn what_is_wrong_in_itself_is_told_so_whatever_its_key_was_used_for(setup: Setup) {
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let (api, mut client) = (&service.api, service.grpc().await);
    let order = api.ordered("k").await;
    let id = order["id"].as_str().unwrap();
    assert_eq!(api.cancel("c", id).await.status(), 200);
    let message = client.create_order(keyed(order_message(), "k")).await.unwrap().into_inner();
    let cancel = |id: &str| keyed(v1::CancelOrderRequest { id: id.to_owned() }, "c");
    client.cancel_order(cancel(&message.id)).await.unwrap();

    let mut told = Vec::new();
    for key in ["k", "fresh"] {
        let wrong = api.order(key, &json!({ "currency": "EUR", "lines": [] })).await;
        told.push(assert_problem(wrong, INVALID_FIELDS).await["errors"].clone());
        let broken = api.ordering(key, &Value::Null).body("{");
        assert_problem(broken.send().await.unwrap(), MALFORMED).await;
        let text = api.request(reqwest::Method::POST, "/v1/orders").body("{}");
        let text = text.header("idempotency-key", key).header("content-type", "text/plain");
        assert_problem(text.send().await.unwrap(), WRONG_TYPE).await;

        let wrong = v1::CreateOrderRequest { currency: "marks".to_owned(), ..order_message() };
        let wrong = client.create_order(keyed(wrong, key)).await.unwrap_err();
        assert_status(&wrong, Code::InvalidArgument, "VALIDATION_FAILED");
        let broken = raw(&service, b"\x0a\xff".to_vec(), &[("idempotency-key", key)]).await;
        assert_eq!(broken["grpc-message"], "The body is malformed.");
    }
    assert_eq!(told[0], told[1]);
    for key in ["c", "fresh"] {
        assert_problem(api.cancel(key, "7").await, NO_ORDER).await;
        let missing = keyed(v1::CancelOrderRequest { id: "7".to_owned() }, key);
        let missing = client.cancel_order(missing).await.unwrap_err();
        assert_status(&missing, Code::NotFound, "ORDER_NOT_FOUND");
    }
    // Nor has any of it used a key up.
    assert_eq!(api.ordered("k").await, order);
    api.ordered("fresh").await;
    client.create_order(keyed(order_message(), "fresh")).await.unwrap();
    assert_eq!(simulator.gateway.total().await, 4);
}

async fn a_key_is_needed(setup: Setup) {
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    let post = |path: &str| api.request(reqwest::Method::POST, path);
    assert_problem(post("/v1/orders").json(&new_order()).send().await.unwrap(), MISSING).await;
    assert_problem(post("/v1/orders/x/cancel").send().await.unwrap(), MISSING).await;
    let too_long = "k".repeat(256);
    for key in ["", "\"\"", "\"k", "a\tb", "a, b", &too_long] {
        assert_problem(api.order(key, &new_order()).await, INVALID).await;
    }
    let differ = api.ordering("a", &new_order()).header("x-idempotency-key", "b");
    assert_problem(differ.send().await.unwrap(), INVALID).await;
    let large = api.ordering("a", &json!({ "note": "x".repeat(65 * 1024) }));
    assert_problem(large.send().await.unwrap(), TOO_LARGE).await;

    let mut client = service.grpc().await;
    let missing = client.create_order(order_message()).await.unwrap_err();
    assert_status(&missing, Code::InvalidArgument, "IDEMPOTENCY_KEY_MISSING");
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let two = client.create_order(with_metadata(order_message(), &two)).await.unwrap_err();
    assert_status(&two, Code::InvalidArgument, "IDEMPOTENCY_KEY_INVALID");
    let none = v1::CancelOrderRequest { id: "x".to_owned() };
    let missing = client.cancel_order(none).await.unwrap_err();
    assert_status(&missing, Code::InvalidArgument, "IDEMPOTENCY_KEY_MISSING");

    // Calls that change nothing need none, and whatever they bring is no key.
    let list = api.request(reqwest::Method::GET, "/v1/orders").header("idempotency-key", "\"");
    assert_eq!(list.send().await.unwrap().status(), 200);
    let get = v1::GetOrderRequest { id: "x".to_owned() };
    assert_eq!(client.get_order(get).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(simulator.gateway.total().await, 0);
}

async fn a_key_in_use_is_in_progress(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let (api, mut client) = (&service.api, service.grpc().await);
    gateway.set_faults(json!({ "latency_ms": 3500 })).await;
    let order = new_order();
    let (slow, impatient) = tokio::join!(api.order("k", &order), async {
        // It is running for sure once its charge is booked.
        eventually("the charge", async || (gateway.total().await == 1).then_some(())).await;
        api.order("k", &order).await
    });
    assert_eq!(slow.status(), 201);
    assert_eq!(impatient.headers()["retry-after"], "1");
    assert_problem(impatient, IN_PROGRESS).await;

    let mut other = client.clone();
    let (slow, impatient) = tokio::join!(client.create_order(keyed(order_message(), "k")), async {
        eventually("the charge", async || (gateway.total().await == 2).then_some(())).await;
        other.create_order(keyed(order_message(), "k")).await
    });
    slow.unwrap();
    assert_status(&impatient.unwrap_err(), Code::Aborted, "IDEMPOTENCY_IN_PROGRESS");
    assert_eq!(gateway.total().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_while_redis_is_away() {
    let mut setup = Setup::redis();
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let (api, mut client) = (&service.api, service.grpc().await);
    let order = api.ordered("k").await;
    let id = order["id"].as_str().unwrap();

    setup.redis_server().stop().unwrap();
    let refused = api.order("l", &new_order()).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_problem(refused, NO_KEYS).await;
    assert_problem(api.order("k", &new_order()).await, NO_KEYS).await;
    assert_problem(api.cancel("c", id).await, NO_KEYS).await;
    let refused = client.create_order(keyed(order_message(), "l")).await.unwrap_err();
    assert_status(&refused, Code::Unavailable, "IDEMPOTENCY_STORE_UNAVAILABLE");
    assert_eq!(api.get_json(&format!("/v1/orders/{id}")).await, order, "reading needs no key");
    assert_eq!(simulator.gateway.total().await, 1);

    setup.redis_server().restart().unwrap();
    eventually("Redis", async || {
        (api.order("l", &new_order()).await.status() == 201).then_some(())
    })
    .await;
    let again = api.order("k", &new_order()).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), order);
    assert_eq!(simulator.gateway.total().await, 2);
}

/// The layers of two calls are around each other, and each minds its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_claims_its_key_once() {
    let setup = Setup::redis();
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let mut client = service.grpc().await;
    let order = client.create_order(keyed(order_message(), "k")).await.unwrap().into_inner();
    let cancel = v1::CancelOrderRequest { id: order.id };
    client.cancel_order(keyed(cancel, "c")).await.unwrap();
    let order = service.api.ordered("k").await;
    assert_eq!(service.api.cancel("c", order["id"].as_str().unwrap()).await.status(), 200);
    let redis = redis::Client::open(setup.keys_url()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let claims: u64 = redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap();
    assert_eq!(claims, 4);
}

/// What a store forgets, orders know by their scope and key.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_forgets_costs_no_second_charge() {
    let setup = Setup::redis();
    let simulator = Simulator::start().await;
    let service = Service::start_on(&setup, &simulator).await;
    let api = &service.api;
    let first = Seen::of(api.order("k", &new_order()).await).await;
    simulator.gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let late = api.ordering("l", &new_order()).header("x-request-timeout-ms", "300");
    assert_eq!(late.send().await.unwrap().status(), 504);
    simulator.gateway.no_faults().await;

    let redis = redis::Client::open(setup.keys_url()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    for _again in ["by the order", "by the store"] {
        assert_replays(&Seen::of(api.order("k", &new_order()).await).await, &first);
    }
    let mut other = new_order();
    other["currency"] = json!("USD");
    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    assert_problem(api.order("k", &other).await, REUSED).await;
    api.ordered("l").await;
    assert_eq!(simulator.gateway.total().await, 2);
}
