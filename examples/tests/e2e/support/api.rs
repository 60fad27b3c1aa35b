use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// An HTTP client of the service.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    client: Client,
}

/// A right order of one line.
pub(crate) fn new_order() -> Value {
    json!({
        "customer_email": "ann@example.com",
        "currency": "EUR",
        "lines": [{ "sku": "A-1", "quantity": 2, "unit_price_cents": 250 }],
    })
}

impl Api {
    pub(crate) fn at(address: &str) -> Self {
        Self { base: format!("http://{address}"), client: Client::new() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The body of an answer that is all right.
    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// The state of each dependency, by name.
    pub(crate) async fn states(&self) -> Value {
        let full = self.get_json("/healthz?full=1").await;
        assert_eq!(full["status"], "alive");
        let dependencies = full["dependencies"].as_object().unwrap().iter();
        let states = dependencies.map(|(name, seen)| {
            assert!(seen["latency_ms"].as_f64().is_some_and(|it| it > 0.0), "{full}");
            (name.clone(), seen["state"].clone())
        });
        states.collect()
    }

    /// A request to order, to be sent.
    pub(crate) fn ordering(&self, key: &str, order: &Value) -> RequestBuilder {
        self.request(Method::POST, "/v1/orders").header("idempotency-key", key).json(order)
    }

    pub(crate) async fn order(&self, key: &str, order: &Value) -> Response {
        self.ordering(key, order).send().await.unwrap()
    }

    /// Orders what is right, and returns the order.
    pub(crate) async fn ordered(&self, key: &str) -> Value {
        let response = self.order(key, &new_order()).await;
        assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    pub(crate) async fn cancel(&self, key: &str, id: &str) -> Response {
        let request = self.request(Method::POST, &format!("/v1/orders/{id}/cancel"));
        request.header("idempotency-key", key).send().await.unwrap()
    }
}
