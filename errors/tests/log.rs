//! Each fault is logged once, with structured fields, at the level of its code.

#![cfg(test)]
#![cfg(feature = "axum")]

mod common;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;
use common::Sample;
use http::{Request, Response};
use mainstay_errors::{Code, Error, FaultLayer, Internal};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Keeps the events of this crate.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Record>>>);

#[derive(Debug)]
struct Record {
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "mainstay_errors" {
            let mut record = Record { level: *event.metadata().level(), fields: BTreeMap::new() };
            event.record(&mut record);
            self.0.lock().unwrap().push(record);
        }
    }
}

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// What is logged for one request whose service does this.
async fn logged(result: impl Fn() -> Result<Response<axum::body::Body>, BoxError>) -> Vec<Record> {
    let recorder = Recorder::default();
    let subscriber = tracing_subscriber::registry().with(recorder.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let inner = service_fn(|_: Request<()>| std::future::ready(result()));
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    let request = Request::get("/")
        .header("x-request-id", "r-1")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    service.oneshot(request.body(()).unwrap()).await.unwrap();
    let mut records = recorder.0.lock().unwrap();
    std::mem::take(&mut *records)
}

#[tokio::test]
async fn a_handler_s_error_is_logged_once_with_its_causes() {
    let records = logged(|| {
        let error = Error::new(Internal).caused_by("disk full").note("saving");
        Ok(error.into_response())
    })
    .await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.level, Level::ERROR);
    let field = |name: &str| record.fields.get(name).map(String::as_str);
    assert_eq!(field("code"), Some("INTERNAL"));
    assert_eq!(field("status"), Some("500"));
    assert_eq!(field("reason"), Some("INTERNAL"));
    assert_eq!(field("domain"), Some("orders.example.com"));
    assert_eq!(field("request_id"), Some("r-1"));
    assert_eq!(field("trace_id"), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(field("error"), Some("saving: internal error: disk full"));
}

#[tokio::test]
async fn a_boxed_error_is_logged_whole() {
    let records = logged(|| Err(std::io::Error::other("disk full").into())).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].fields["error"], "disk full");
}

#[tokio::test]
async fn a_panic_s_message_is_logged() {
    let records = logged(|| std::panic::resume_unwind(Box::new("the vault code is 1234"))).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].level, Level::ERROR);
    assert_eq!(records[0].fields["error"], "panic: the vault code is 1234");
}

#[tokio::test]
async fn a_success_is_not_logged() {
    let records = logged(|| Ok(Response::new(axum::body::Body::empty()))).await;
    assert!(records.is_empty());
}

#[tokio::test]
async fn the_level_follows_the_code() {
    for code in Code::ALL.into_iter().filter(|code| *code != Code::Ok) {
        let expected = match code {
            Code::Internal | Code::Unknown | Code::DataLoss => Level::ERROR,
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Aborted => Level::WARN,
            _ => Level::INFO,
        };
        let fault = Sample { code, ..Sample::default() };
        let records = logged(|| Ok(Error::from(fault.clone()).into_response())).await;
        assert_eq!(records.len(), 1, "{code}");
        assert_eq!(records[0].level, expected, "{code}");
    }
}
