//! The same faults over gRPC.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use clap::Parser as _;
use http::HeaderMap;
use mainstay_examples::orders::grpc::v1::{self, order_service_client::OrderServiceClient};
use mainstay_examples::orders::{ExtraRoutes, OrdersConfig, Server};
use prost::Message as _;
use serde_json::json;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::support::{
    Database, Fault, Service, assert_problem, assert_status, keyed, on_each_database,
    order_message, with_metadata,
};

on_each_database!(what_orders_answer);

async fn what_orders_answer(database: Database) {
    let service = Service::start(&database).await;
    let mut client = service.grpc().await;
    let get = v1::GetOrderRequest { id: "7".to_owned() };
    let missing = client.get_order(get).await.unwrap_err();
    assert_status(&missing, Code::NotFound, "ORDER_NOT_FOUND");
    let info = missing.get_error_details().error_info().unwrap().clone();
    assert_eq!(info.metadata["id"], "7");
    let get = v1::GetOrderRequest { id: "a\u{1b}[2J\r\nb".to_owned() };
    let missing = client.get_order(get).await.unwrap_err();
    let info = missing.get_error_details().error_info().unwrap().clone();
    assert_eq!(info.metadata["id"], "a[2Jb", "a terminal is not told what to do");

    let paid = client.create_order(keyed(order_message(), "k")).await.unwrap().into_inner();
    let cancel = v1::CancelOrderRequest { id: paid.id };
    client.cancel_order(keyed(cancel.clone(), "c-1")).await.unwrap();
    let twice = client.cancel_order(keyed(cancel, "c-2")).await.unwrap_err();
    assert_status(&twice, Code::FailedPrecondition, "ORDER_NOT_CANCELLABLE");

    let other = v1::CreateOrderRequest { currency: "USD".to_owned(), ..order_message() };
    let reused = client.create_order(keyed(other, "k")).await.unwrap_err();
    assert_status(&reused, Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn every_wrong_field_is_told() {
    let service = Service::start_alone().await;
    let mut client = service.grpc().await;
    let line = v1::OrderLine { sku: "a".to_owned(), quantity: -1, unit_price_cents: 1 };
    let wrong = v1::CreateOrderRequest { lines: vec![line], ..v1::CreateOrderRequest::default() };
    let status = client.create_order(keyed(wrong, "k")).await.unwrap_err();
    assert_status(&status, Code::InvalidArgument, "VALIDATION_FAILED");
    assert_eq!(
        fields(&status),
        ["currency", "customer_email", "lines[0].quantity", "lines[0].sku"]
    );

    let wrong = v1::ListOrdersRequest {
        status: Some("lost".to_owned()),
        limit: Some(0),
        ..v1::ListOrdersRequest::default()
    };
    let status = client.list_orders(wrong).await.unwrap_err();
    assert_status(&status, Code::InvalidArgument, "VALIDATION_FAILED");
    assert_eq!(fields(&status), ["limit", "status"]);
}

#[tokio::test]
async fn keys_are_asked_for() {
    let service = Service::start_alone().await;
    let mut client = service.grpc().await;
    let missing = client.create_order(order_message()).await.unwrap_err();
    assert_status(&missing, Code::InvalidArgument, "IDEMPOTENCY_KEY_MISSING");
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let two = client.create_order(with_metadata(order_message(), &two)).await.unwrap_err();
    assert_status(&two, Code::InvalidArgument, "IDEMPOTENCY_KEY_INVALID");
}

#[tokio::test]
async fn what_the_gateway_does() {
    let service = Service::start_alone().await;
    let mut client = service.grpc().await;
    service.gateway.set_faults(json!({ "error_rate": 1, "status": 402 })).await;
    let declined = client.create_order(keyed(order_message(), "declined")).await.unwrap_err();
    assert_status(&declined, Code::FailedPrecondition, "PAYMENT_DECLINED");
    let again = client.create_order(keyed(order_message(), "declined")).await.unwrap_err();
    assert_eq!(again.details(), declined.details(), "with the request id of the first");
    assert_eq!(again.metadata().get("idempotency-replayed").unwrap(), "true");
    assert!(!declined.metadata().contains_key("idempotency-replayed"));

    service.gateway.set_faults(json!({ "status": 503, "retry_after_s": 7 })).await;
    let busy = client.create_order(keyed(order_message(), "busy")).await.unwrap_err();
    assert_status(&busy, Code::Unavailable, "PAYMENTS_UNAVAILABLE");
    let wait = busy.get_error_details().retry_info().unwrap().retry_delay;
    assert_eq!(wait, Some(Duration::from_secs(7)));
}

/// By hand, as a client that knows of the deadline gives up by itself before the answer is there.
#[tokio::test]
async fn a_deadline_is_kept() {
    let service = Service::start_alone().await;
    service.gateway.set_faults(json!({ "hang_rate": 1 })).await;
    let message = order_message().encode_to_vec();
    let response = raw(&service, message, &[("grpc-timeout", "300m")]).await;
    assert_eq!(response["grpc-status"], "4");
    assert!(response.contains_key("grpc-status-details-bin"));
    let response = raw(&service, Vec::new(), &[("grpc-timeout", "soon")]).await;
    assert_eq!(response["grpc-status"], "3");
}

#[tokio::test]
async fn a_message_that_is_none_is_the_callers_mistake() {
    let service = Service::start_alone().await;
    let response = raw(&service, b"\xff\xff\xff".to_vec(), &[]).await;
    assert_eq!(response["grpc-status"], "3");
    assert_eq!(response["grpc-message"], "The body is malformed.");
}

#[tokio::test]
async fn what_is_not_grpc_is_told_in_the_words_of_http() {
    let service = Service::start_alone().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let path = "/orders.v1.OrderService/CreateOrder";
    let url = format!("http://{}{path}", service.process.address("grpc"));
    let media = Fault { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", code: "INVALID_ARGUMENT" };
    for media_type in ["application/json", "text/plain"] {
        let request = client.post(&url).header("content-type", media_type).body("{}");
        assert_problem(request.send().await.unwrap(), media).await;
    }
    assert_problem(client.post(&url).send().await.unwrap(), media).await;
    let method = Fault { status: 405, reason: "METHOD_NOT_ALLOWED", code: "UNIMPLEMENTED" };
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
    assert_problem(response, method).await;
}

#[tokio::test]
async fn what_is_not_there_and_what_is_too_large() {
    let service = Service::start_alone().await;
    let nowhere = unary(service.channel().await, "/orders.v1.OrderService/Nothing").await;
    assert_status(&nowhere, Code::Unimplemented, "ROUTE_NOT_FOUND");
    let nowhere = unary(service.channel().await, "/no.such.Service/Method").await;
    assert_status(&nowhere, Code::Unimplemented, "ROUTE_NOT_FOUND");

    let mut large = order_message();
    large.note = Some("x".repeat(64 * 1024));
    let mut client = service.grpc().await;
    let status = client.create_order(keyed(large, "k")).await.unwrap_err();
    assert_status(&status, Code::OutOfRange, "BODY_TOO_LARGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_says_nothing_of_itself() {
    async fn panics() {
        panic!("the secret of the house");
    }
    let database = Database::sqlite();
    let url = database.url();
    let flags = ["orders", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--database", &url];
    let grpc = Router::new().route("/test.Panic/Panic", post(panics));
    let extra = ExtraRoutes { grpc, ..ExtraRoutes::default() };
    let server = Server::start(&OrdersConfig::parse_from(flags), extra).await.unwrap();
    let url = format!("http://{}", server.addresses().grpc);
    let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();

    let status = unary(channel.clone(), "/test.Panic/Panic").await;
    assert_status(&status, Code::Internal, "INTERNAL");
    assert!(!format!("{status:?}").contains("secret"), "{status:?}");
    let mut client = OrderServiceClient::new(channel);
    client.create_order(keyed(order_message(), "k")).await.unwrap();
    server.drain().await;
}

/// Posts bytes as an order, and returns the headers of what is an answer of headers alone.
pub(crate) async fn raw(
    service: &Service,
    message: Vec<u8>,
    headers: &[(&str, &str)],
) -> HeaderMap {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], length.as_slice(), &message].concat();
    let url =
        format!("http://{}/orders.v1.OrderService/CreateOrder", service.process.address("grpc"));
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let mut request = client.post(url).body(body).header("content-type", "application/grpc");
    request = request.header("te", "trailers");
    if !headers.iter().any(|(name, _)| *name == "idempotency-key") {
        request = request.header("idempotency-key", "raw");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.headers().clone()
}

/// Calls any method, which is to fail.
async fn unary(channel: Channel, path: &'static str) -> Status {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<v1::GetOrderRequest, v1::Order>::default();
    let request = tonic::Request::new(v1::GetOrderRequest::default());
    client.unary(request, http::uri::PathAndQuery::from_static(path), codec).await.unwrap_err()
}

/// The fields of the `BadRequest`, in order.
fn fields(status: &Status) -> Vec<String> {
    let details = status.check_error_details().unwrap();
    let violations = &details.bad_request().expect("a BadRequest").field_violations;
    let mut fields: Vec<_> = violations.iter().map(|it| it.field.clone()).collect();
    fields.sort();
    fields
}
