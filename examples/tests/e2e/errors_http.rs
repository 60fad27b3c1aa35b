//! Every row of the error table, over HTTP.

use axum::Router;
use axum::routing::get;
use clap::Parser as _;
use mainstay_examples::orders::{ExtraRoutes, OrdersConfig, Server};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Api, Database, Fault, Service, assert_problem, new_order, on_each_database};

on_each_database!(
    what_is_not_there,
    what_is_wrong_with_an_order,
    what_the_gateway_does,
    what_cannot_be_cancelled,
);

const VALIDATION: Fault =
    Fault { status: 422, reason: "VALIDATION_FAILED", code: "INVALID_ARGUMENT" };
const NOT_FOUND: Fault = Fault { status: 404, reason: "ORDER_NOT_FOUND", code: "NOT_FOUND" };

async fn what_is_not_there(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;

    let no_route = Fault { status: 404, reason: "ROUTE_NOT_FOUND", code: "UNIMPLEMENTED" };
    for path in ["/", "/v1", "/v1/orders/x/y", "/v1/orders/"] {
        assert_problem(api.get(path).await, no_route).await;
    }
    let no_method = Fault { status: 405, reason: "METHOD_NOT_ALLOWED", code: "UNIMPLEMENTED" };
    let response = api.request(Method::DELETE, "/v1/orders").send().await.unwrap();
    let allowed = response.headers()["allow"].to_str().unwrap().to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    assert_problem(response, no_method).await;

    let unknown = "0198c0de-0000-7000-8000-000000000000";
    for id in [unknown, "7", "%00", "%FF", "c232ab00-9414-41e8-a6c0-1f1c3a2b4d5e", "%F0%9F%92%A9"] {
        let path = format!("/v1/orders/{id}");
        assert_problem(api.get(&path).await, NOT_FOUND).await;
    }
    assert_problem(api.cancel("k", unknown).await, NOT_FOUND).await;
}

async fn what_is_wrong_with_an_order(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;
    let wrong = json!({
        "customer_email": "nobody",
        "lines": [{ "sku": "a", "quantity": 0, "unit_price_cents": "1" }],
        "note": "a\u{0}b",
        "colour": "red",
    });
    let problem = assert_problem(api.order("k", &wrong).await, VALIDATION).await;
    let mut errors: Vec<_> = problem["errors"].as_array().unwrap().iter().map(place).collect();
    errors.sort();
    let expected = [
        "body #/colour UNKNOWN_FIELD",
        "body #/currency REQUIRED",
        "body #/customer_email PATTERN",
        "body #/lines/0/quantity OUT_OF_RANGE",
        "body #/lines/0/sku PATTERN",
        "body #/lines/0/unit_price_cents WRONG_TYPE",
        "body #/note PATTERN",
    ];
    assert_eq!(errors, expected);

    let malformed = Fault { status: 400, reason: "MALFORMED_BODY", code: "INVALID_ARGUMENT" };
    for body in ["", "{", "nonsense", "\u{feff}{}"] {
        let request = api.ordering("k", &json!(null)).body(body);
        assert_problem(request.send().await.unwrap(), malformed).await;
    }
    let media = Fault { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", code: "INVALID_ARGUMENT" };
    for media_type in ["text/plain", "application/xml", "application/jsonx"] {
        let request = api.request(Method::POST, "/v1/orders").header("idempotency-key", "k");
        let request = request.header("content-type", media_type).body("{}");
        assert_problem(request.send().await.unwrap(), media).await;
    }
    let too_large = Fault { status: 413, reason: "BODY_TOO_LARGE", code: "OUT_OF_RANGE" };
    let mut large = new_order();
    large["note"] = json!("x".repeat(64 * 1024));
    assert_problem(api.order("k", &large).await, too_large).await;

    // None of this has used the key up, or charged for anything.
    assert_eq!(service.gateway.total().await, 0);
    api.ordered("k").await;
}

async fn what_the_gateway_does(database: Database) {
    let service = Service::start(&database).await;
    let (api, gateway) = (&service.api, &service.gateway);

    gateway.set_faults(json!({ "error_rate": 1, "status": 402 })).await;
    let declined = Fault { status: 402, reason: "PAYMENT_DECLINED", code: "FAILED_PRECONDITION" };
    assert_problem(api.order("declined", &new_order()).await, declined).await;

    let unavailable = Fault { status: 503, reason: "PAYMENTS_UNAVAILABLE", code: "UNAVAILABLE" };
    gateway.set_faults(json!({ "status": 500 })).await;
    let response = api.order("failing", &new_order()).await;
    assert!(!response.headers().contains_key("retry-after"));
    assert_problem(response, unavailable).await;
    gateway.set_faults(json!({ "status": 503, "retry_after_s": 7 })).await;
    let response = api.order("busy", &new_order()).await;
    assert_eq!(response.headers()["retry-after"], "7");
    assert_problem(response, unavailable).await;

    gateway.set_faults(json!({ "error_rate": 0, "hang_rate": 1 })).await;
    let late = Fault { status: 504, reason: "DEADLINE_EXCEEDED", code: "DEADLINE_EXCEEDED" };
    for header in ["x-request-timeout-ms", "x-envoy-expected-rq-timeout-ms"] {
        let request = api.ordering(header, &new_order()).header(header, "300");
        assert_problem(request.send().await.unwrap(), late).await;
    }
    let request = api.request(Method::GET, "/v1/orders").header("x-request-timeout-ms", "0");
    assert_problem(request.send().await.unwrap(), late).await;

    gateway.no_faults().await;
    let retried = api.ordered("busy").await;
    assert_eq!(gateway.charges_of(retried["id"].as_str().unwrap()).await.len(), 1);
}

async fn what_cannot_be_cancelled(database: Database) {
    let service = Service::start(&database).await;
    let api = &service.api;
    let order = api.ordered("k").await;
    let id = order["id"].as_str().unwrap();
    assert_eq!(api.cancel("c-1", id).await.status(), 200);
    let not_cancellable =
        Fault { status: 409, reason: "ORDER_NOT_CANCELLABLE", code: "FAILED_PRECONDITION" };
    let problem = assert_problem(api.cancel("c-2", id).await, not_cancellable).await;
    assert_eq!(problem["metadata"]["status"], "cancelled");
}

#[tokio::test]
async fn every_wrong_field_of_a_long_order_is_told() {
    let service = Service::start_alone().await;
    let mut order = new_order();
    order["lines"] = json!(vec![json!({ "sku": "", "quantity": 0, "unit_price_cents": 0 }); 100]);
    let problem = assert_problem(service.api.order("k", &order).await, VALIDATION).await;
    // Three rules are broken by each line, and 99 repeat the first one's article.
    assert_eq!(problem["errors"].as_array().unwrap().len(), 399);
}

#[tokio::test]
async fn what_is_wrong_with_how_a_body_is_sent() {
    let service = Service::start_alone().await;
    let gzip = service.api.ordering("k", &new_order()).header("content-encoding", "gzip");
    let media = Fault { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", code: "INVALID_ARGUMENT" };
    assert_problem(gzip.send().await.unwrap(), media).await;
    let plain = service.api.ordering("k", &new_order()).header("content-encoding", "identity");
    assert_eq!(plain.send().await.unwrap().status(), 201);

    let waits = "content-length: 70000\r\nexpect: 100-continue\r\n\r\n";
    let answer = raw(&service, waits).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("BODY_TOO_LARGE"), "{answer}");
    let broken = "transfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nnonsense\r\n";
    let answer = raw(&service, broken).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("MALFORMED_BODY"), "{answer}");
}

/// Orders with these last headers and this body, and returns what is answered.
async fn raw(service: &Service, rest: &str) -> String {
    let mut stream = TcpStream::connect(service.process.address("http")).await.unwrap();
    let head = "POST /v1/orders HTTP/1.1\r\nhost: h\r\nconnection: close\r\nidempotency-key: raw\r\n\
                content-type: application/json\r\n";
    stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_wrong_with_a_query() {
    let service = Service::start_alone().await;
    let path = "/v1/orders?limit=101&status=lost&currency=CHF&min_total_cents=x&cursor=!&page=2";
    let problem = assert_problem(service.api.get(path).await, VALIDATION).await;
    let mut errors: Vec<_> = problem["errors"].as_array().unwrap().iter().map(place).collect();
    errors.sort();
    let expected = [
        "query currency NOT_ALLOWED",
        "query cursor PATTERN",
        "query limit OUT_OF_RANGE",
        "query min_total_cents WRONG_TYPE",
        "query page UNKNOWN_PARAMETER",
        "query status NOT_ALLOWED",
    ];
    assert_eq!(errors, expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_header() {
    let service = Service::start_alone().await;
    let request = service.api.request(Method::GET, "/v1/orders");
    let request = request.header("x-request-timeout-ms", "soon");
    let problem = assert_problem(request.send().await.unwrap(), VALIDATION).await;
    assert_eq!(place(&problem["errors"][0]), "header x-request-timeout-ms WRONG_TYPE");

    // Nothing is waited for here, and another wire's header says nothing.
    let get = |path, name| service.api.request(Method::GET, path).header(name, "soon").send();
    assert_eq!(get("/healthz", "x-request-timeout-ms").await.unwrap().status(), 200);
    assert_eq!(get("/readyz", "x-request-timeout-ms").await.unwrap().status(), 200);
    assert_eq!(get("/nowhere", "x-request-timeout-ms").await.unwrap().status(), 404);
    assert_eq!(get("/v1/orders", "grpc-timeout").await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_problem_belongs_to_the_trace_of_its_request() {
    let service = Service::start_alone().await;
    let request = service.api.request(Method::GET, "/nowhere");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = request.header("traceparent", parent).send().await.unwrap();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

/// A service that panics is not something to ship, not even behind a flag: the route is added to
/// the same server here, in the test's own process.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_says_nothing_of_itself() {
    async fn panics() {
        panic!("the secret of the house");
    }
    let database = Database::sqlite();
    let url = database.url();
    let flags = ["orders", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--database", &url];
    let config = OrdersConfig::parse_from(flags);
    let http = Router::new().route("/panic", get(panics));
    let extra = ExtraRoutes { http, ..ExtraRoutes::default() };
    let server = Server::start(&config, extra).await.unwrap();
    let api = Api::at(&server.addresses().http.to_string());

    let internal = Fault { status: 500, reason: "INTERNAL", code: "INTERNAL" };
    let problem = assert_problem(api.get("/panic").await, internal).await;
    assert!(!problem.to_string().contains("secret"), "{problem}");
    api.ordered("k").await;
    server.drain().await;
}

/// Where a violation is and what it is, in a line.
fn place(error: &Value) -> String {
    let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
    assert!(!text("detail").is_empty(), "{error}");
    format!("{} {}{} {}", text("in"), text("pointer"), text("name"), text("reason"))
}
