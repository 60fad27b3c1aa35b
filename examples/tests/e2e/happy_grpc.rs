//! Orders over gRPC when everything goes well.

use mainstay_examples::orders::grpc::v1;
use prost::Message as _;
use tokio_stream::StreamExt as _;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{FileDescriptorResponse, ServerReflectionRequest};

use crate::support::{Database, Service, keyed, on_each_database, order_message};

on_each_database!(an_order_lives, a_list_is_streamed_by_pages);

async fn an_order_lives(database: Database) {
    let service = Service::start(&database).await;
    let mut client = service.grpc().await;

    let created = client.create_order(keyed(order_message(), "k")).await.unwrap();
    assert!(created.metadata().contains_key("x-request-id"));
    let created = created.into_inner();
    assert_eq!((created.status.as_str(), created.total_cents), ("paid", 500));
    assert_eq!(created.lines, order_message().lines);
    assert_eq!(service.gateway.charges_of(&created.id).await.len(), 1);

    let id = created.id.clone();
    let got = client.get_order(v1::GetOrderRequest { id: id.clone() }).await.unwrap().into_inner();
    assert_eq!(got, created);
    let over_http = service.api.get_json(&format!("/v1/orders/{id}")).await;
    assert_eq!(over_http["created_at"], created.created_at);
    assert_eq!(over_http["payment_id"], created.payment_id.clone().unwrap());

    let again = client.create_order(keyed(order_message(), "k")).await.unwrap();
    assert_eq!(again.metadata().get("idempotency-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), created);
    assert_eq!(service.gateway.total().await, 1);

    let cancel = v1::CancelOrderRequest { id };
    let cancelled = client.cancel_order(keyed(cancel, "c")).await.unwrap().into_inner();
    assert_eq!(cancelled, v1::Order { status: "cancelled".to_owned(), ..created });
}

async fn a_list_is_streamed_by_pages(database: Database) {
    let service = Service::start(&database).await;
    let mut client = service.grpc().await;
    for key in ["a", "b", "c"] {
        client.create_order(keyed(order_message(), key)).await.unwrap();
    }
    let mut request = v1::ListOrdersRequest { limit: Some(2), ..v1::ListOrdersRequest::default() };
    let mut ids = Vec::new();
    for expected in [2, 1] {
        let page = client.list_orders(request.clone()).await.unwrap();
        let cursor = page.metadata().get("next-cursor").map(|it| it.to_str().unwrap().to_owned());
        let orders: Vec<_> = page.into_inner().map(|order| order.unwrap().id).collect().await;
        assert_eq!(orders.len(), expected);
        ids.extend(orders);
        assert_eq!(cursor.is_some(), ids.len() < 3);
        request.cursor = cursor;
    }
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
}

#[tokio::test]
async fn it_says_that_it_serves() {
    let service = Service::start_alone().await;
    let mut health = HealthClient::new(service.channel().await);
    for name in ["", "orders.v1.OrderService"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
}

#[tokio::test]
async fn it_describes_itself() {
    let service = Service::start_alone().await;
    let mut reflection = ServerReflectionClient::new(service.channel().await);
    let mut ask = async |message| {
        let request =
            ServerReflectionRequest { host: String::new(), message_request: Some(message) };
        let requests = Request::new(tokio_stream::once(request));
        let mut answers = reflection.server_reflection_info(requests).await.unwrap().into_inner();
        answers.message().await.unwrap().unwrap().message_response.unwrap()
    };

    let listed = ask(MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(services) = listed else { panic!("{listed:?}") };
    let names: Vec<_> = services.service.iter().map(|it| it.name.as_str()).collect();
    for name in ["orders.v1.OrderService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }

    let symbol = "orders.v1.OrderService".to_owned();
    let file = ask(MessageRequest::FileContainingSymbol(symbol)).await;
    let MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto }) =
        file
    else {
        panic!("{file:?}")
    };
    let file = prost_types::FileDescriptorProto::decode(&*file_descriptor_proto[0]).unwrap();
    assert_eq!(file.package(), "orders.v1");
}

/// Many clients know no other: grpcio's, for one.
#[tokio::test]
async fn it_describes_itself_in_the_older_protocol() {
    let service = Service::start_alone().await;
    let mut reflection = v1alpha::ServerReflectionClient::new(service.channel().await);
    let list = v1alpha::MessageRequest::ListServices(String::new());
    let request =
        v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let requests = Request::new(tokio_stream::once(request));
    let mut answers = reflection.server_reflection_info(requests).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    assert!(format!("{answer:?}").contains("orders.v1.OrderService"), "{answer:?}");
}

mod v1alpha {
    use tonic_reflection::pb::v1alpha as pb;

    pub(super) use pb::ServerReflectionRequest;
    pub(super) use pb::server_reflection_client::ServerReflectionClient;
    pub(super) use pb::server_reflection_request::MessageRequest;
}
