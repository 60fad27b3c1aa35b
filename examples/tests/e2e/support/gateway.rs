use serde_json::{Value, json};

use super::Process;

/// The payment simulator, wherever it runs.
#[derive(Clone)]
pub(crate) struct Gateway {
    url: String,
    client: reqwest::Client,
}

/// The payment simulator as a process of its own, which keeps its charges while the service is
/// killed and started again.
pub(crate) struct Simulator {
    pub(crate) gateway: Gateway,
    pub(crate) process: Process,
}

impl Gateway {
    pub(crate) fn at(url: String) -> Self {
        Self { url, client: reqwest::Client::new() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn set_faults(&self, faults: Value) {
        let request = self.client.put(format!("{}/faults", self.url)).json(&faults);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    pub(crate) async fn no_faults(&self) {
        let none =
            json!({ "latency_ms": 0, "error_rate": 0, "hang_rate": 0, "retry_after_s": null });
        self.set_faults(none).await;
    }

    /// How often money moved, in all.
    pub(crate) async fn total(&self) -> u64 {
        self.get("/charges").await["total"].as_u64().unwrap()
    }

    /// How often money moved for an order.
    pub(crate) async fn charges_of(&self, order: &str) -> Vec<Value> {
        let booked = self.get(&format!("/charges?reference={order}")).await;
        booked["charges"].as_array().unwrap().clone()
    }

    /// Every charge there was.
    pub(crate) async fn charges(&self) -> Vec<Value> {
        self.get("/charges").await["charges"].as_array().unwrap().clone()
    }

    /// The headers of the last request to this method and path.
    pub(crate) async fn last_seen(&self, method: &str, path: &str) -> Value {
        let seen = self.get("/seen").await;
        let mut seen = seen.as_array().unwrap().iter().rev();
        seen.find(|it| it[":method"] == method && it[":path"] == path).unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url));
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    pub(crate) async fn charge(&self, key: &str, body: &Value) -> reqwest::Response {
        let request = self.client.post(format!("{}/charges", self.url));
        request.header("idempotency-key", key).json(body).send().await.unwrap()
    }
}

impl Simulator {
    pub(crate) async fn start() -> Self {
        let program = env!("CARGO_BIN_EXE_payments");
        let process = Process::start(program, &["--listen", "127.0.0.1:0"]).await;
        let gateway = Gateway::at(format!("http://{}", process.address("payments")));
        Self { gateway, process }
    }
}
