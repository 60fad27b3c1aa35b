//! Orders over HTTP when everything goes well.

use reqwest::Method;
use serde_json::json;

use crate::support::{Database, Service, new_order, on_each_database};

on_each_database!(an_order_lives, a_list_has_pages_and_filters);

async fn an_order_lives(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;

    let response = api.order("k-1", &new_order()).await;
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let order: serde_json::Value = response.json().await.unwrap();
    let id = order["id"].as_str().unwrap();
    assert_eq!(location, format!("/v1/orders/{id}"));
    assert_eq!(id.chars().nth(14), Some('7'), "a UUIDv7");
    let members: Vec<_> = order.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "created_at",
        "currency",
        "customer_email",
        "id",
        "lines",
        "payment_id",
        "status",
        "total_cents",
    ];
    assert_eq!(members, expected);
    assert_eq!((&order["status"], &order["total_cents"]), (&json!("paid"), &json!(500)));
    assert_eq!(order["lines"], new_order()["lines"]);

    let charges = service.gateway.charges_of(id).await;
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0]["id"], order["payment_id"]);
    assert_eq!(
        (&charges[0]["amount_cents"], &charges[0]["currency"]),
        (&json!(500), &json!("EUR"))
    );
    assert_eq!(api.get_json(&location).await, order);

    let cancelled = api.cancel("c-1", id).await;
    assert_eq!(cancelled.status(), 200);
    let cancelled: serde_json::Value = cancelled.json().await.unwrap();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(api.get_json(&location).await, cancelled);
}

async fn a_list_has_pages_and_filters(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;
    let mut ids = Vec::new();
    for number in 0..5 {
        let order = api.ordered(&format!("k-{number}")).await;
        ids.push(order["id"].as_str().unwrap().to_owned());
    }
    ids.reverse();

    let mut seen = Vec::new();
    let mut path = "/v1/orders?limit=2".to_owned();
    for expected in [2, 2, 1] {
        let page = api.get_json(&path).await;
        let orders = page["orders"].as_array().unwrap();
        assert_eq!(orders.len(), expected);
        seen.extend(orders.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
        let cursor = page["next_cursor"].as_str();
        assert_eq!(cursor.is_some(), seen.len() < 5);
        path = format!("/v1/orders?limit=2&cursor={}", cursor.unwrap_or_default());
    }
    assert_eq!(seen, ids, "newest first, each once");

    let mut dear = new_order();
    dear["currency"] = json!("JPY");
    dear["lines"][0]["unit_price_cents"] = json!(90_000);
    assert_eq!(api.order("dear", &dear).await.status(), 201);
    assert_eq!(api.cancel("c", &ids[0]).await.status(), 200);
    for (query, expected) in [
        ("status=paid", 5),
        ("status=cancelled", 1),
        ("status=pending", 0),
        ("currency=JPY", 1),
        ("currency=EUR&status=paid", 4),
        ("min_total_cents=501", 1),
        ("min_total_cents=500&currency=EUR", 5),
    ] {
        let page = api.get_json(&format!("/v1/orders?{query}")).await;
        assert_eq!(page["orders"].as_array().unwrap().len(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_request_brings_its_id_and_trace_and_the_gateway_sees_them() {
    let service = Service::start_alone().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = service
        .api
        .ordering("k", &new_order())
        .header("x-request-id", "support-7.a")
        .header("traceparent", parent)
        .header("tracestate", "vendor=1")
        .header("baggage", "tenant=a")
        .header("baggage", "canary=b")
        .header("x-request-timeout-ms", "3000");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-request-id"], "support-7.a");

    let seen = service.gateway.last_seen("POST", "/charges").await;
    assert_eq!(seen["x-request-id"], "support-7.a");
    assert_eq!(seen["traceparent"], parent);
    assert_eq!(seen["tracestate"], "vendor=1");
    assert_eq!(seen["baggage"], "tenant=a, canary=b");
    let left: u64 = seen["x-request-timeout-ms"].as_str().unwrap().parse().unwrap();
    assert!(left <= 3000, "{left}");
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_replaced() {
    let service = Service::start_alone().await;
    let too_long = "a".repeat(65);
    for wrong in ["two words", "semi;colon", "", &too_long] {
        let request = service.api.request(Method::GET, "/healthz").header("x-request-id", wrong);
        let response = request.send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap();
        assert_ne!(id, wrong);
        assert!((1..=64).contains(&id.len()), "{id}");
    }
}

#[tokio::test]
async fn it_says_that_it_is_alive_and_ready() {
    let service = Service::start_alone().await;
    for api in [&service.api, &service.admin] {
        assert_eq!(api.get_json("/healthz").await["status"], "alive");
        assert_eq!(api.get_json("/readyz").await["status"], "ready");
        assert_eq!(api.states().await, json!({ "database": "up", "payments": "up" }));
        assert_eq!(api.get_json("/healthz?full=0").await, json!({ "status": "alive" }));
    }
}
