//! What no retry ever comes for.

use serde_json::{Value, json};

use crate::support::{Database, Service, eventually, new_order, on_each_database};

on_each_database!(an_order_nobody_asks_for_again_is_finished);

async fn an_order_nobody_asks_for_again_is_finished(database: Database) {
    let service = Service::start(&database).await;
    let (api, gateway) = (&service.api, &service.gateway);
    gateway.set_faults(json!({ "hang_rate": 1, "seed": 1 })).await;
    for key in ["a", "b", "c"] {
        let request = api.ordering(key, &new_order()).header("x-request-timeout-ms", "200");
        assert_eq!(request.send().await.unwrap().status(), 504);
    }
    let pending = api.get_json("/v1/orders?status=pending").await;
    assert_eq!(pending["orders"].as_array().unwrap().len(), 3, "no order is lost");

    gateway.no_faults().await;
    let paid: Vec<Value> = eventually("the reconciler", async || {
        let paid = api.get_json("/v1/orders?status=paid").await;
        let paid = paid["orders"].as_array().unwrap().clone();
        (paid.len() == 3).then_some(paid)
    })
    .await;
    for order in paid {
        assert_eq!(gateway.charges_of(order["id"].as_str().unwrap()).await.len(), 1);
    }
    // Whoever asks now after all gets what came of it.
    let answer = api.order("a", &new_order()).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["idempotency-replayed"], "true");
}
