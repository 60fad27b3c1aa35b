//! A payment gateway that fails, hangs and recovers, and what the policies in front of it make of
//! that: retries, deadlines, and the circuit breaker with its operator's handle.

use std::collections::HashSet;
use std::time::Duration;

use mainstay_examples::payments::{Booking, Dice, Fate};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::{Api, Database, Fault, Gateway, Service, Simulator};
use crate::support::{assert_problem, eventually, new_order, on_each_database};

on_each_database!(
    an_open_breaker_answers_at_once_and_leaves_nothing,
    what_there_is_no_room_for_is_taken_back,
    hangs_keep_nobody_past_the_deadline_and_charge_once,
);

const NO_PAYMENTS: Fault =
    Fault { status: 503, reason: "PAYMENTS_UNAVAILABLE", code: "UNAVAILABLE" };
const NO_BREAKER: Fault = Fault { status: 404, reason: "BREAKER_NOT_FOUND", code: "NOT_FOUND" };
const MALFORMED: Fault = Fault { status: 400, reason: "MALFORMED_BODY", code: "INVALID_ARGUMENT" };
const INVALID: Fault = Fault { status: 422, reason: "VALIDATION_FAILED", code: "INVALID_ARGUMENT" };
const MEDIA_TYPE: Fault =
    Fault { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", code: "INVALID_ARGUMENT" };

/// How many orders are refused while the breaker is open.
const REFUSED: usize = 50;
/// How long half of them may take at most.
const AT_ONCE: Duration = Duration::from_millis(5);

async fn an_open_breaker_answers_at_once_and_leaves_nothing(database: Database) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_calling(&database, &simulator).await;
    let (api, admin) = (&service.api, &service.admin);
    let before = api.ordered("before").await;
    assert_eq!(breaker(admin).await["state"], "closed");

    // With a wait, so that the breaker is open for as long as the test takes.
    gateway.set_faults(json!({ "error_rate": 1, "status": 503, "retry_after_s": 30 })).await;
    let opened = open(api, admin).await;
    let (asked, pending) = (calls(gateway).await, orders(api, "pending").await.len());
    assert_eq!(pending, opened.len(), "what was asked may be charged");

    // The machine may be busy with other tests: one calm moment is enough.
    let mut medians = Vec::new();
    while medians.last().is_none_or(|it| *it >= AT_ONCE) && medians.len() < 10 {
        medians.push(median_of_refusals(api, medians.len()).await);
    }
    assert!(medians.last().unwrap() < &AT_ONCE, "{medians:?}");
    assert_eq!(calls(gateway).await, asked, "the gateway is left alone");
    assert_eq!(orders(api, "pending").await.len(), pending, "what was not asked is not pending");

    // What was answered before is answered still.
    let again = api.order("before", &new_order()).await;
    assert_eq!((again.status().as_u16(), again.json::<Value>().await.unwrap()), (201, before));
}

/// Orders while the breaker is open, and returns the median of how long that took.
async fn median_of_refusals(api: &Api, round: usize) -> Duration {
    let mut times = Vec::new();
    for number in 0..REFUSED {
        let (key, start) = (format!("refused-{round}-{number}"), Instant::now());
        let refused = api.order(&key, &new_order()).await;
        times.push(start.elapsed());
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_problem(refused, NO_PAYMENTS).await;
    }
    times.sort();
    times[REFUSED / 2]
}

#[tokio::test]
async fn the_breaker_closes_by_itself() {
    let service = Service::start_alone().await;
    let (api, admin, gateway) = (&service.api, &service.admin, &service.gateway);
    gateway.set_faults(json!({ "error_rate": 1, "status": 503 })).await;
    // The last one is cut off by the breaker after an attempt that may have charged.
    let refused = open(api, admin).await;
    assert_eq!(orders(api, "pending").await.len(), refused.len());
    let shown = breaker(admin).await;
    assert_eq!((&shown["mode"], &shown["rejects"]), (&json!("auto"), &json!(true)));
    gateway.no_faults().await;

    let mut number = 0;
    eventually("the breaker", async || {
        number += 1;
        api.order(&format!("k-{number}"), &new_order()).await;
        (breaker(admin).await["state"] == "closed").then_some(())
    })
    .await;
    api.ordered("after").await;
    // The keys that got no answer while it was open get one now.
    for key in refused {
        let order = api.ordered(&key).await;
        assert_eq!(gateway.charges_of(order["id"].as_str().unwrap()).await.len(), 1);
    }
}

/// There is room for three probes at a time, and whatever else comes finds that out only when its
/// order is written.
async fn what_there_is_no_room_for_is_taken_back(database: Database) {
    const CLIENTS: usize = 10;
    const PROBES: usize = 3;

    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_calling(&database, &simulator).await;
    let (api, admin) = (&service.api, &service.admin);
    gateway.set_faults(json!({ "error_rate": 1, "status": 503 })).await;
    open(api, admin).await;
    let pending = orders(api, "pending").await.len();
    gateway.set_faults(json!({ "error_rate": 0, "hang_rate": 1 })).await;
    eventually("the end of the wait", async || {
        breaker(admin).await.get("wait_ms").is_none().then_some(())
    })
    .await;

    let mut asked = JoinSet::new();
    for client in 0..CLIENTS {
        let request = api.ordering(&format!("k-{client}"), &new_order());
        let request = request.header("x-request-timeout-ms", "1000");
        asked.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let answers = asked.join_all().await;
    let (late, refused): (Vec<u16>, Vec<u16>) = answers.iter().partition(|it| **it == 504);
    assert!((1..=PROBES).contains(&late.len()), "{answers:?}");
    assert!(refused.iter().all(|it| *it == 503), "{answers:?}");
    assert_eq!(orders(api, "pending").await.len(), pending + late.len());
}

/// A client that hangs up is no failure of the gateway, and one that is in a hurry hardly is.
#[tokio::test]
async fn impatient_callers_do_not_open_the_breaker() {
    const CALLERS: usize = 8;

    let service = Service::start_alone().await;
    let (api, admin, gateway) = (&service.api, &service.admin, &service.gateway);
    gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let keys: Vec<_> = (0..CALLERS).map(|caller| format!("gone-{caller}")).collect();
    for key in &keys {
        let gone = api.ordering(key, &new_order()).timeout(Duration::from_millis(100));
        assert!(gone.send().await.unwrap_err().is_timeout());
    }
    gateway.no_faults().await;
    for key in &keys {
        // Which is when the service has noticed.
        api.ordered(key).await;
    }
    assert_eq!(breaker(admin).await["counts"]["failed"], 0);

    gateway.set_faults(json!({ "hang_rate": 1 })).await;
    for caller in 0..CALLERS {
        let request = api.ordering(&format!("hurry-{caller}"), &new_order());
        let late = request.header("x-request-timeout-ms", "100").send().await.unwrap();
        assert_eq!(late.status(), 504);
    }
    let shown = breaker(admin).await;
    assert_eq!((&shown["state"], &shown["counts"]["failed"]), (&json!("closed"), &json!(2)));
}

async fn hangs_keep_nobody_past_the_deadline_and_charge_once(database: Database) {
    const CLIENTS: usize = 20;
    const DEADLINE: Duration = Duration::from_millis(1500);
    const SLACK: Duration = Duration::from_millis(700);

    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_calling(&database, &simulator).await;
    let api = &service.api;
    gateway.set_faults(json!({ "hang_rate": 1, "seed": 5 })).await;
    for _round in 0..2 {
        let mut asked = JoinSet::new();
        for client in 0..CLIENTS {
            let request = api.ordering(&format!("k-{client}"), &new_order());
            let request = request.header("x-request-timeout-ms", DEADLINE.as_millis().to_string());
            asked.spawn(async move {
                let start = Instant::now();
                (request.send().await.unwrap().status().as_u16(), start.elapsed())
            });
        }
        for (status, took) in asked.join_all().await {
            assert!([503, 504].contains(&status), "{status}");
            assert!(took < DEADLINE + SLACK, "{took:?}");
        }
    }
    assert!(gateway.total().await > 0, "some were charged, and nobody was told");

    gateway.no_faults().await;
    for client in 0..CLIENTS {
        eventually("an answer to the retry", async || {
            let response = api.order(&format!("k-{client}"), &new_order()).await;
            (response.status() == 201).then_some(())
        })
        .await;
    }
    assert_each_is_charged_once(api, gateway, CLIENTS).await;
}

#[tokio::test]
async fn the_operator_has_the_last_word() {
    let service = Service::start_alone().await;
    let (api, admin, gateway) = (&service.api, &service.admin, &service.gateway);
    let first = breaker(admin).await;
    assert_eq!(first["name"], "payments");
    assert_eq!((&first["state"], &first["mode"]), (&json!("closed"), &json!("auto")));
    assert_eq!(first["counts"], json!({ "calls": 0, "failed": 0, "slow": 0 }));

    let shown: Value = force(admin, "payments", "open").await.json().await.unwrap();
    assert_eq!((&shown["mode"], &shown["rejects"]), (&json!("forced_open"), &json!(true)));
    assert_ne!(shown["epoch"], first["epoch"]);
    assert_eq!(breaker(admin).await, shown);
    let refused = api.order("k", &new_order()).await;
    assert!(!refused.headers().contains_key("retry-after"), "nobody knows for how long");
    assert_problem(refused, NO_PAYMENTS).await;
    assert_eq!(calls(gateway).await, 0);
    assert_eq!(orders(api, "pending").await.len(), 0);

    let shown: Value = force(admin, "payments", "closed").await.json().await.unwrap();
    assert_eq!((&shown["mode"], &shown["rejects"]), (&json!("forced_closed"), &json!(false)));
    gateway.set_faults(json!({ "error_rate": 1, "status": 500 })).await;
    for number in 1..=8 {
        assert_problem(api.order(&number.to_string(), &new_order()).await, NO_PAYMENTS).await;
        assert_eq!(calls(gateway).await, number, "every call is made, whatever comes of it");
    }
    assert_eq!(breaker(admin).await["counts"]["failed"], 8);

    gateway.no_faults().await;
    let shown: Value = force(admin, "payments", "auto").await.json().await.unwrap();
    assert_eq!((&shown["state"], &shown["mode"]), (&json!("closed"), &json!("auto")));
    api.ordered("k").await;
    gateway.set_faults(json!({ "error_rate": 1 })).await;
    open(api, admin).await;
}

#[tokio::test]
async fn what_an_operator_can_get_wrong() {
    let service = Service::start_alone().await;
    let admin = &service.admin;
    assert_problem(force(admin, "nobody", "open").await, NO_BREAKER).await;
    assert_problem(force(admin, "%FF", "open").await, NO_BREAKER).await;
    let post = || admin.request(Method::POST, "/admin/breakers/payments");
    let wrongs = [
        (json!({ "force": "ajar" }), "#/force", "NOT_ALLOWED"),
        (json!({ "force": true }), "#/force", "WRONG_TYPE"),
        (json!({}), "#/force", "REQUIRED"),
        (json!({ "force": "open", "for": "ever" }), "#/for", "UNKNOWN_FIELD"),
    ];
    for (body, pointer, reason) in wrongs {
        let problem = assert_problem(post().json(&body).send().await.unwrap(), INVALID).await;
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["reason"]), (&json!(pointer), &json!(reason)));
    }
    let malformed = post().header("content-type", "application/json").body("{");
    assert_problem(malformed.send().await.unwrap(), MALFORMED).await;
    // A page in the operator's browser can send this, and is not to.
    let text = post().header("content-type", "text/plain").body(r#"{"force":"open"}"#);
    assert_problem(text.send().await.unwrap(), MEDIA_TYPE).await;
    assert_eq!(breaker(admin).await["mode"], "auto");

    // It is nobody else's affair.
    let no_route = Fault { status: 404, reason: "ROUTE_NOT_FOUND", code: "UNIMPLEMENTED" };
    assert_problem(service.api.get("/admin/breakers").await, no_route).await;
}

#[tokio::test]
async fn a_failure_that_passes_is_not_seen_outside() {
    let service = Service::start_alone().await;
    let (api, gateway) = (&service.api, &service.gateway);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (key, booking) in [("before", Booking::Before), ("after", Booking::After)] {
        let seed = seed_of([Fate::Fails(booking), Fate::Served]);
        gateway.set_faults(json!({ "error_rate": 0.5, "status": 503, "seed": seed })).await;
        let request = api
            .ordering(key, &new_order())
            .header("x-request-id", key)
            .header("traceparent", parent)
            .header("tracestate", "vendor=1")
            .header("baggage", "tenant=a")
            .header("x-request-timeout-ms", "3000");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 201);
        let order: Value = response.json().await.unwrap();
        assert_eq!(gateway.charges_of(order["id"].as_str().unwrap()).await.len(), 1);

        let attempts = charges_seen(gateway).await;
        let attempts: Vec<_> = attempts.iter().filter(|it| it["x-request-id"] == key).collect();
        assert_eq!(attempts.len(), 2, "{attempts:?}");
        for attempt in &attempts {
            assert_eq!(attempt["traceparent"], parent);
            assert_eq!(attempt["tracestate"], "vendor=1");
            assert_eq!(attempt["baggage"], "tenant=a");
            assert_eq!(attempt["idempotency-key"], attempts[0]["idempotency-key"]);
        }
        let left = |at: usize| -> u64 {
            attempts[at]["x-request-timeout-ms"].as_str().unwrap().parse().unwrap()
        };
        assert!(left(1) <= left(0) && left(0) <= 3000, "{attempts:?}");
    }
}

/// A seed with which charges meet these fates where half of them fail.
pub(crate) fn seed_of(fates: [Fate; 2]) -> u64 {
    let mut seeds = 0..1000;
    let found = seeds.find(|seed| {
        let faults = json!({ "error_rate": 0.5, "status": 503, "seed": seed });
        let mut dice = Dice::new();
        dice.change(&serde_json::from_value(faults).unwrap()).unwrap();
        [dice.roll(), dice.roll()] == fates
    });
    found.unwrap()
}

/// Orders until the breaker is open, and returns the keys of that.
async fn open(api: &Api, admin: &Api) -> Vec<String> {
    let mut keys = Vec::new();
    for number in 0..10 {
        let key = format!("open-{number}");
        assert_problem(api.order(&key, &new_order()).await, NO_PAYMENTS).await;
        keys.push(key);
        if breaker(admin).await["state"] == "open" {
            return keys;
        }
    }
    panic!("it does not open: {}", breaker(admin).await);
}

/// The one breaker there is.
async fn breaker(admin: &Api) -> Value {
    let mut all = admin.get_json("/admin/breakers").await;
    assert_eq!(all["breakers"].as_array().unwrap().len(), 1);
    all["breakers"][0].take()
}

async fn force(admin: &Api, name: &str, force: &str) -> Response {
    let request = admin.request(Method::POST, &format!("/admin/breakers/{name}"));
    request.json(&json!({ "force": force })).send().await.unwrap()
}

/// The headers of the latest calls to charge.
pub(crate) async fn charges_seen(gateway: &Gateway) -> Vec<Value> {
    let seen = gateway.get("/seen").await;
    let seen = seen.as_array().unwrap().iter();
    seen.filter(|it| it[":method"] == "POST" && it[":path"] == "/charges").cloned().collect()
}

/// How often the gateway was asked to charge, as long as it remembers all of it.
async fn calls(gateway: &Gateway) -> usize {
    charges_seen(gateway).await.len()
}

async fn orders(api: &Api, status: &str) -> Vec<Value> {
    let page = api.get_json(&format!("/v1/orders?limit=100&status={status}")).await;
    page["orders"].as_array().unwrap().clone()
}

async fn assert_each_is_charged_once(api: &Api, gateway: &Gateway, count: usize) {
    let charges = gateway.charges().await;
    let charged: HashSet<_> = charges.iter().map(|it| it["reference"].as_str()).collect();
    assert_eq!(charged.len(), charges.len(), "no order is charged twice");
    let paid = orders(api, "paid").await;
    assert_eq!(paid.len(), count);
    let paid: HashSet<_> = paid.iter().map(|it| it["id"].as_str()).collect();
    assert_eq!(charged, paid, "what is charged is paid, and nothing else is");
}
