//! A key that was answered is answered the same, byte for byte: on each store, and on both wires.

use mainstay_examples::orders::grpc::v1;
use mainstay_examples::orders::grpc::v1::order_service_client::OrderServiceClient;
use mainstay_examples::payments::{Booking, Dice, Fate};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::support::{
    Gateway, Seen, Service, Setup, Simulator, assert_replays, assert_same, eventually, keyed,
    new_order, on_each_store, order_message, with_metadata,
};

on_each_store!(
    a_replay_is_the_first_answer,
    a_decline_that_nobody_waited_for_is_always_the_same,
    whoever_takes_an_order_over_gives_its_first_answer,
);

async fn a_replay_is_the_first_answer(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let first = First::of(&service, gateway).await;
    // Also after the order has moved on.
    first.is_replayed_by(&service).await;
    service.process.kill().await;

    // And where the store of keys is gone with the process.
    let service = Service::start_on(&setup, &simulator).await;
    first.is_replayed_by(&service).await;
    first.is_replayed_by(&service).await;
    assert_eq!(gateway.total().await, 2);
}

/// What the reconciler has found out is rendered then, and for good.
async fn a_decline_that_nobody_waited_for_is_always_the_same(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let (api, mut client) = (&service.api, service.grpc().await);
    leave_pending(&service, gateway).await;
    declines(gateway).await;
    eventually("the reconciler", async || {
        let page = api.get_json("/v1/orders?status=declined").await;
        (page["orders"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    gateway.no_faults().await;

    let first = Seen::of(api.order("k", &new_order()).await).await;
    assert!(first.status == 402 && first.is_replay(), "{first:?}");
    let status = Told::of(client.create_order(keyed(order_message(), "k")).await);
    assert!(status.code == Code::FailedPrecondition && status.is_replay, "{status:?}");
    service.process.kill().await;
    let service = Service::start_on(&setup, &simulator).await;
    let mut client = service.grpc().await;
    for _again in ["by the order", "by the store"] {
        assert_same(&Seen::of(service.api.order("k", &new_order()).await).await, &first);
        let again = Told::of(client.create_order(keyed(order_message(), "k")).await);
        again.assert_same(&status);
    }
    assert_eq!(gateway.total().await, 0);
}

/// A try that came to nothing has no answer: the first one is that of the try that came to one.
async fn whoever_takes_an_order_over_gives_its_first_answer(setup: Setup) {
    let simulator = Simulator::start().await;
    let gateway = &simulator.gateway;
    let service = Service::start_on(&setup, &simulator).await;
    let (api, mut client) = (&service.api, service.grpc().await);
    leave_pending(&service, gateway).await;
    declines(gateway).await;

    let first = Seen::of(api.order("k", &new_order()).await).await;
    assert_names_its_request(&first);
    assert_replays(&Seen::of(api.order("k", &new_order()).await).await, &first);
    let first = Told::of(client.create_order(keyed(order_message(), "k")).await);
    assert!(first.names_its_request(), "{first:?}");
    let again = Told::of(client.create_order(keyed(order_message(), "k")).await);
    again.assert_replays(&first);
}

/// What was answered first to an order, its cancellation, and an order that was declined.
struct First {
    ordered: Seen,
    cancelled: Seen,
    declined: Seen,
    grpc: GrpcFirst,
}

struct GrpcFirst {
    ordered: Told,
    id: String,
    cancelled: Told,
    declined: Told,
}

impl First {
    async fn of(service: &Service, gateway: &Gateway) -> Self {
        let (api, mut client) = (&service.api, service.grpc().await);
        let ordered = Seen::of(api.order("k", &new_order()).await).await;
        let cancelled = Seen::of(api.cancel("c", &id_of(&ordered)).await).await;
        assert_eq!((ordered.status, cancelled.status), (201, 200));
        let order = client.create_order(keyed(order_message(), "k")).await.unwrap();
        let id = order.get_ref().id.clone();
        let cancel = keyed(v1::CancelOrderRequest { id: id.clone() }, "c");
        let grpc_cancelled = Told::of(client.cancel_order(cancel).await);
        assert_eq!(grpc_cancelled.code, Code::Ok);
        declines(gateway).await;
        let declined = Seen::of(api.order("declined", &new_order()).await).await;
        assert_names_its_request(&declined);
        let status = Told::of(client.create_order(keyed(order_message(), "declined")).await);
        assert!(status.names_its_request(), "{status:?}");
        gateway.no_faults().await;
        let grpc = GrpcFirst {
            ordered: Told::of(Ok(order)),
            id,
            cancelled: grpc_cancelled,
            declined: status,
        };
        Self { ordered, cancelled, declined, grpc }
    }

    async fn is_replayed_by(&self, service: &Service) {
        let api = &service.api;
        assert_replays(&Seen::of(api.order("k", &new_order()).await).await, &self.ordered);
        let cancelled = api.cancel("c", &id_of(&self.ordered)).await;
        assert_replays(&Seen::of(cancelled).await, &self.cancelled);
        let declined = api.order("declined", &new_order()).await;
        assert_replays(&Seen::of(declined).await, &self.declined);
        self.grpc.is_replayed_by(&mut service.grpc().await).await;
    }
}

impl GrpcFirst {
    async fn is_replayed_by(&self, client: &mut OrderServiceClient<Channel>) {
        let ordered = client.create_order(keyed(order_message(), "k")).await;
        Told::of(ordered).assert_replays(&self.ordered);
        let cancel = v1::CancelOrderRequest { id: self.id.clone() };
        let cancelled = client.cancel_order(keyed(cancel, "c")).await;
        Told::of(cancelled).assert_replays(&self.cancelled);
        let declined = client.create_order(keyed(order_message(), "declined")).await;
        Told::of(declined).assert_replays(&self.declined);
    }
}

/// What was told over gRPC, as far as it is to be the same again.
#[derive(Debug)]
struct Told {
    code: Code,
    message: String,
    details: Vec<u8>,
    order: Vec<u8>,
    is_replay: bool,
    request_id: String,
}

impl Told {
    fn of(result: Result<Response<v1::Order>, Status>) -> Self {
        let (code, message, details) = match &result {
            Ok(_) => (Code::Ok, String::new(), Vec::new()),
            Err(told) => (told.code(), told.message().to_owned(), told.details().to_owned()),
        };
        let metadata = result.as_ref().map_or_else(Status::metadata, Response::metadata);
        let text = |name| metadata.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        Self {
            code,
            message,
            details,
            is_replay: text("idempotency-replayed") == "true",
            request_id: text("x-request-id").to_owned(),
            order: result.map(|it| it.into_inner().encode_to_vec()).unwrap_or_default(),
        }
    }

    /// Whether it is a decline that names the request that it is the answer to.
    fn names_its_request(&self) -> bool {
        let id = self.request_id.as_bytes();
        let names = !id.is_empty() && self.details.windows(id.len()).any(|it| it == id);
        names && self.code == Code::FailedPrecondition && !self.is_replay
    }

    fn assert_replays(&self, first: &Self) {
        assert!(self.is_replay && !first.is_replay, "{self:?}");
        self.assert_same(first);
    }

    fn assert_same(&self, other: &Self) {
        let bytes = |it: &Self| (it.code, it.message.clone(), it.details.clone(), it.order.clone());
        assert_eq!(bytes(self), bytes(other));
        assert_ne!(self.request_id, other.request_id);
    }
}

/// Holds a decline to naming the request that it is the answer to.
fn assert_names_its_request(declined: &Seen) {
    assert_eq!(declined.status, 402, "{declined:?}");
    assert!(!declined.is_replay());
    let problem: Value = serde_json::from_slice(&declined.body).unwrap();
    let id = declined.headers["x-request-id"].to_str().unwrap();
    assert_eq!(problem["request_id"], id);
    assert_eq!(problem["instance"], format!("urn:request:{id}"));
    assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32);
}

/// Orders over both wires, which the gateway neither books nor answers.
async fn leave_pending(service: &Service, gateway: &Gateway) {
    gateway.set_faults(json!({ "hang_rate": 1, "seed": unbooked() })).await;
    let late = service.api.ordering("k", &new_order()).header("x-request-timeout-ms", "300");
    assert_eq!(late.send().await.unwrap().status(), 504);
    let late = [("idempotency-key", "k"), ("x-request-timeout-ms", "300")];
    let late = with_metadata(order_message(), &late);
    let late = service.grpc().await.create_order(late).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
}

/// A seed by which two charges hang, and neither is booked.
fn unbooked() -> u64 {
    let mut seeds = 0..100;
    let found = seeds.find(|seed| {
        let faults = json!({ "hang_rate": 1, "seed": seed });
        let mut dice = Dice::new();
        dice.change(&serde_json::from_value(faults).unwrap()).unwrap();
        [dice.roll(), dice.roll()] == [Fate::Hangs(Booking::Before); 2]
    });
    found.unwrap()
}

/// From here on everything is declined.
async fn declines(gateway: &Gateway) {
    let no_hang = json!({ "hang_rate": 0, "error_rate": 1, "status": 402 });
    gateway.set_faults(no_hang).await;
}

fn id_of(ordered: &Seen) -> String {
    let order: Value = serde_json::from_slice(&ordered.body).unwrap();
    order["id"].as_str().unwrap().to_owned()
}
