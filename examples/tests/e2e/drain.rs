//! The end of the process, when it is asked for.

use std::time::Duration;

use mainstay_redis::redis;
use rustix::process::Signal;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::support::{
    Database, Fault, Service, Setup, Simulator, assert_problem, eventually, new_order,
    on_each_database,
};

on_each_database!(what_is_in_flight_finishes);

const DRAINING: Fault = Fault { status: 503, reason: "DRAINING", code: "UNAVAILABLE" };

async fn what_is_in_flight_finishes(database: Database) {
    let simulator = Simulator::start().await;
    let mut service = Service::start_calling(&database, &simulator).await;
    let mut health = HealthClient::new(service.channel().await);
    simulator.gateway.set_faults(json!({ "latency_ms": 1500 })).await;
    let request = service.api.ordering("k", &new_order());
    let in_flight = tokio::spawn(async move { request.send().await.unwrap() });
    // It is in flight for sure once its charge is booked.
    let gateway = &simulator.gateway;
    eventually("the charge", async || (gateway.total().await == 1).then_some(())).await;

    service.process.signal(Signal::TERM);
    let api = &service.api;
    let not_ready = eventually("the drain", async || {
        Some(api.get("/readyz").await).filter(|response| response.status() == 503)
    });
    assert_problem(not_ready.await, DRAINING).await;
    assert_eq!(api.get("/healthz").await.status(), 200);
    let answer = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::NotServing);

    let response = in_flight.await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(service.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn an_idle_service_ends_at_once_on_either_signal() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut service = Service::start_alone().await;
        // Connections that are kept open, and have nothing in flight, hold nobody up.
        let _channel = service.channel().await;
        let _silent = TcpStream::connect(service.process.address("http")).await.unwrap();
        service.api.ordered("k").await;
        service.process.signal(signal);
        assert_eq!(service.process.ended().await.code(), Some(0));
    }
}

/// Neither a stream that nobody ends nor a connection that asks nothing holds the drain.
#[tokio::test]
async fn idle_streams_and_silent_connections_hold_nobody_up() {
    let mut service = Service::start_alone().await;
    let mut health = HealthClient::new(service.channel().await);
    let watch = health.watch(HealthCheckRequest::default()).await.unwrap();
    let mut watch = watch.into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let silent = |listener| TcpStream::connect(service.process.address(listener));
    let (_http, _grpc) = (silent("http").await.unwrap(), silent("grpc").await.unwrap());
    let mut half_a_head = silent("http").await.unwrap();
    half_a_head.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();

    service.process.signal(Signal::TERM);
    let start = Instant::now();
    let last_words = watch.message().await.unwrap().unwrap();
    assert_eq!(last_words.status(), ServingStatus::NotServing);
    assert_status_reason(&watch.message().await.unwrap_err());
    assert_eq!(service.process.ended().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

fn assert_status_reason(status: &Status) {
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "DRAINING");
}

/// A client that goes away while the process stops leaves its key to the next one at once, though
/// the store of keys is slow to hear of it: a lease is 5 s, and a request waits for 2 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_let_go_of_at_the_end_is_free() {
    let (setup, simulator) = (Setup::redis(), Simulator::start().await);
    let gateway = &simulator.gateway;
    let mut service = Service::start_on(&setup, &simulator).await;
    gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let request = service.api.ordering("k", &new_order());
    let client = tokio::spawn(async move { request.send().await.is_err() });
    eventually("the charge", async || {
        let seen = gateway.get("/seen").await;
        seen.as_array().unwrap().iter().any(|it| it[":method"] == "POST").then_some(())
    })
    .await;
    service.process.signal(Signal::TERM);
    eventually("the drain", async || {
        (service.api.get("/readyz").await.status() == 503).then_some(())
    })
    .await;
    let redis = redis::Client::open(setup.keys_url()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let pause = redis::cmd("CLIENT").arg("PAUSE").arg(800).arg("WRITE").to_owned();
    pause.exec_async(&mut redis).await.unwrap();
    client.abort();
    assert_eq!(service.process.ended().await.code(), Some(0));

    gateway.no_faults().await;
    let service = Service::start_on(&setup, &simulator).await;
    service.api.ordered("k").await;
    assert_eq!(gateway.total().await, 1);
}

#[tokio::test]
async fn whoever_asks_twice_is_not_kept_waiting() {
    let mut service = Service::start_alone().await;
    service.gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let request = service.api.ordering("k", &new_order());
    let hangs = tokio::spawn(async move { request.send().await });
    let pending = "/v1/orders?status=pending";
    eventually("the order", async || {
        let page = service.api.get_json(pending).await;
        (page["orders"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    let start = Instant::now();
    service.process.signal(Signal::TERM);
    eventually("the drain", async || {
        (service.api.get("/readyz").await.status() == 503).then_some(())
    })
    .await;
    service.process.signal(Signal::TERM);
    assert_eq!(service.process.ended().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(hangs.await.unwrap().is_err());
}

#[tokio::test]
async fn the_simulator_ends_when_it_is_asked() {
    let mut simulator = Simulator::start().await;
    simulator.process.signal(Signal::TERM);
    assert_eq!(simulator.process.ended().await.code(), Some(0));
}
