//! The end of the process, when nobody asked: killed in the middle of writes, and started again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::task::JoinSet;

use crate::support::{
    Api, Database, Service, Setup, Simulator, eventually, new_order, on_each_store,
};

on_each_store!(a_kill_in_the_middle_of_writes_loses_nothing);

/// How many clients order at the same time.
const CLIENTS: usize = 12;
/// How many orders are answered before the kill, at least.
const ANSWERED: usize = 60;

async fn a_kill_in_the_middle_of_writes_loses_nothing(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    // Slow enough that many are in flight at any moment; some fail on either side of the booking.
    let faults = json!({ "latency_ms": 20, "error_rate": 0.2, "hang_rate": 0.05, "seed": 7 });
    gateway.set_faults(faults).await;
    let service = Service::start_on(&setup, &simulator).await;
    let clients = Clients::start(&service.api);
    eventually("orders", async || (clients.answered() >= ANSWERED).then_some(())).await;
    service.process.kill().await;
    let Outcome { answered, unanswered } = clients.outcome().await;
    assert!(!unanswered.is_empty(), "something was in flight");
    assert_sound(&setup.database).await;

    gateway.no_faults().await;
    let service = Service::start_on(&setup, &simulator).await;
    // What was answered is there, as it was answered.
    for (id, order) in &answered {
        assert_eq!(&service.api.get_json(&format!("/v1/orders/{id}")).await, order);
    }
    // Half of what was not is asked for again; nobody ever comes back for the other half.
    for key in unanswered.iter().step_by(2) {
        eventually("an answer to the retry", async || {
            let response = service.api.order(key, &new_order()).await;
            (response.status() == 201).then_some(())
        })
        .await;
    }
    let pending = "/v1/orders?status=pending&limit=1";
    eventually("the reconciler", async || {
        let page = service.api.get_json(pending).await;
        page["orders"].as_array().unwrap().is_empty().then_some(())
    })
    .await;

    // Every order is paid for, and paid for once.
    let orders = all_orders(&service.api).await;
    let charges = gateway.charges().await;
    let charged: HashMap<_, _> = charges.iter().map(|it| (&it["reference"], &it["id"])).collect();
    assert_eq!(charged.len(), charges.len(), "no order is charged twice");
    assert_eq!(charged.len(), orders.len(), "no charge is without an order");
    for order in &orders {
        assert_eq!(order["status"], "paid", "{order}");
        assert_eq!(charged[&order["id"]], &order["payment_id"]);
    }
    assert_sound(&setup.database).await;
}

/// Clients that order, each order under a key of its own, until the service is gone.
struct Clients {
    tasks: JoinSet<Outcome>,
    answered: Arc<AtomicUsize>,
}

/// What became of the orders of a client.
#[derive(Default)]
struct Outcome {
    /// What was answered with 201, by id.
    answered: HashMap<String, Value>,
    /// The keys whose answer was an error, or never came.
    unanswered: Vec<String>,
}

impl Clients {
    fn start(api: &Api) -> Self {
        let answered = Arc::<AtomicUsize>::default();
        let tasks =
            (0..CLIENTS).map(|client| order_until_gone(api.clone(), client, answered.clone()));
        Self { tasks: tasks.collect(), answered }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    async fn outcome(self) -> Outcome {
        let mut all = Outcome::default();
        for outcome in self.tasks.join_all().await {
            all.answered.extend(outcome.answered);
            all.unanswered.extend(outcome.unanswered);
        }
        all
    }
}

async fn order_until_gone(api: Api, client: usize, answered: Arc<AtomicUsize>) -> Outcome {
    let mut outcome = Outcome::default();
    for number in 0.. {
        let key = format!("{client}-{number}");
        let request = api.ordering(&key, &new_order()).header("x-request-timeout-ms", "500");
        let Ok(response) = request.send().await else {
            outcome.unanswered.push(key);
            break;
        };
        let created = response.status() == 201;
        match response.json::<Value>().await {
            Ok(order) if created => {
                outcome.answered.insert(order["id"].as_str().unwrap().to_owned(), order);
                answered.fetch_add(1, Ordering::Relaxed);
            }
            _ => outcome.unanswered.push(key),
        }
    }
    outcome
}

async fn all_orders(api: &Api) -> Vec<Value> {
    let mut orders = Vec::new();
    let mut path = "/v1/orders?limit=100".to_owned();
    loop {
        let page = api.get_json(&path).await;
        orders.extend(page["orders"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return orders };
        path = format!("/v1/orders?limit=100&cursor={cursor}");
    }
}

/// `SQLite` checks itself; PostgreSQL was not the one that was killed.
async fn assert_sound(database: &Database) {
    if matches!(database, Database::Postgres(_)) {
        return;
    }
    let mut connection = SqliteConnection::connect(&database.url()).await.unwrap();
    let check = sqlx::query_scalar::<_, String>("PRAGMA integrity_check");
    assert_eq!(check.fetch_one(&mut connection).await.unwrap(), "ok");
}
