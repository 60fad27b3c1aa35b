//! The payment simulator by itself.

use serde_json::{Value, json};

use crate::support::{Simulator, eventually};

fn charge(reference: &str) -> Value {
    json!({ "amount_cents": 100, "currency": "EUR", "reference": reference })
}

#[tokio::test]
async fn a_key_charges_once() {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let first = gateway.charge("k", &charge("order-1")).await;
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    assert_eq!(first["status"], "captured");
    let again: Value = gateway.charge("k", &charge("order-1")).await.json().await.unwrap();
    assert_eq!(again, first);
    assert_eq!(gateway.charge("k", &charge("order-2")).await.status(), 422);

    gateway.charge("l", &charge("order-2")).await;
    let booked = gateway.get("/charges?reference=order-1").await;
    let expected = json!({
        "total": 1,
        "charges": [
            { "id": first["id"], "reference": "order-1", "amount_cents": 100, "currency": "EUR" },
        ],
    });
    assert_eq!(booked, expected);
    assert_eq!(gateway.get("/charges").await["total"], 2);
}

#[tokio::test]
async fn failures_come_before_and_after_the_booking_and_retries_never_charge_twice() {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    gateway.set_faults(json!({ "error_rate": 0.7, "status": 500, "seed": 3 })).await;
    let mut booked_before_it_was_answered = 0;
    for number in 0..40 {
        let key = format!("k-{number}");
        while gateway.charge(&key, &charge(&key)).await.status() != 201 {
            booked_before_it_was_answered += gateway.charges_of(&key).await.len();
        }
        assert_eq!(gateway.charges_of(&key).await.len(), 1);
    }
    assert!(booked_before_it_was_answered > 0);
    assert_eq!(gateway.total().await, 40);
}

#[tokio::test]
async fn a_decline_never_books_and_stays() {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    gateway.set_faults(json!({ "error_rate": 1, "status": 402, "retry_after_s": 3 })).await;
    let declined = gateway.charge("k", &charge("a")).await;
    assert_eq!(declined.headers()["retry-after"], "3");
    assert_eq!(declined.status(), 402);
    gateway.no_faults().await;
    assert_eq!(gateway.charge("k", &charge("a")).await.status(), 402);
    assert_eq!(gateway.total().await, 0);

    // What was captured stays captured, too.
    assert_eq!(gateway.charge("l", &charge("b")).await.status(), 201);
    gateway.set_faults(json!({ "error_rate": 1 })).await;
    assert_eq!(gateway.charge("l", &charge("b")).await.status(), 201);
}

#[tokio::test]
async fn a_hang_is_never_answered() {
    let simulator = Simulator::start().await;
    let gateway = simulator.gateway.clone();
    gateway.set_faults(json!({ "hang_rate": 1, "seed": 0 })).await;
    let asking = gateway.clone();
    let hung = tokio::spawn(async move {
        for number in 0.. {
            let (key, body) = (number.to_string(), charge("a"));
            let attempt = asking.charge(&key, &body);
            let limit = std::time::Duration::from_millis(100);
            assert!(tokio::time::timeout(limit, attempt).await.is_err(), "answered");
        }
    });
    eventually("a booked charge", async || (gateway.total().await > 0).then_some(())).await;
    hung.abort();
}

#[tokio::test]
async fn faults_are_checked_and_shown() {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    gateway.set_faults(json!({ "status": 503, "retry_after_s": 9, "error_rate": 1 })).await;
    let failed = gateway.charge("k", &charge("a")).await;
    assert_eq!(
        (failed.status().as_u16(), &failed.headers()["retry-after"]),
        (503, &"9".parse().unwrap())
    );

    let client = reqwest::Client::new();
    let put = async |faults: Value| {
        let request = client.put(format!("{}/faults", gateway.url())).json(&faults);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(put(json!({ "error_rate": 2 })).await, 422);
    assert_eq!(put(json!({ "eror_rate": 1 })).await, 422);
    assert_eq!(put(json!({})).await, 200);
}

#[tokio::test]
async fn it_shows_what_it_has_seen() {
    let simulator = Simulator::start().await;
    simulator.gateway.charge("k", &charge("a")).await;
    let seen = simulator.gateway.last_seen("POST", "/charges").await;
    assert_eq!(seen["idempotency-key"], "k");
    assert_eq!(seen["content-type"], "application/json");
}
