use mainstay_core::RequestId;
use mainstay_idempotency::{Attempt, Fence};
use prost::Message as _;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Response, Status, async_trait};

use super::calls::{CANCEL, CREATE};
use super::v1::order_service_server::OrderService;
use super::{convert, v1};
use crate::orders::OrderError;
use crate::orders::answer::{Answer, Outcome};
use crate::orders::context::RequestContext;
use crate::orders::idempotency::{REPLAYED, ScopedKey};
use crate::orders::model::Order;
use crate::orders::service::Orders;

/// Where the next page starts: initial metadata of a list, as its messages are orders.
const NEXT_CURSOR: &str = "next-cursor";

/// A page is read whole before the first order is sent, so that no transaction waits for a peer.
type OrderStream = tokio_stream::Iter<std::vec::IntoIter<Result<v1::Order, Status>>>;

#[async_trait]
impl OrderService for Orders {
    type ListOrdersStream = OrderStream;

    async fn create_order(
        &self,
        request: Request<v1::CreateOrderRequest>,
    ) -> Result<Response<v1::Order>, Status> {
        let context = context(&request);
        let key = ScopedKey::from_headers(CREATE.route, request.metadata().as_ref())?;
        let fence = fence(&request);
        let new = convert::new_order(request.into_inner())?;
        answered(self.create(&context, &key, fence, &new).await?)
    }

    async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::Order>, Status> {
        let order = self.get(&request.into_inner().id).await?;
        Ok(Response::new(order.into()))
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<OrderStream>, Status> {
        let page = self.list(&convert::list_query(request.into_inner())?).await?;
        let orders = page.orders.into_iter().map(|order: Order| Ok(order.into()));
        let mut response = Response::new(tokio_stream::iter(orders.collect::<Vec<_>>()));
        if let Some(Ok(cursor)) = page.next_cursor.map(|it| it.encode().parse()) {
            response.metadata_mut().insert(NEXT_CURSOR, cursor);
        }
        Ok(response)
    }

    async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::Order>, Status> {
        let key = ScopedKey::from_headers(CANCEL.route, request.metadata().as_ref())?;
        let fence = fence(&request);
        answered(self.cancel(&key, fence, &request.into_inner().id).await?)
    }
}

/// What the middleware has found out about the request.
fn context<T>(request: &Request<T>) -> RequestContext {
    match request.extensions().get() {
        Some(context) => RequestContext::clone(context),
        None => RequestContext::from_headers(RequestId::random(), request.metadata().as_ref()),
    }
}

/// The fence of the claim that a layer around the service has made, if there is one.
fn fence<T>(request: &Request<T>) -> Option<Fence> {
    request.extensions().get().map(Attempt::fence)
}

/// The response to an answer, marked if it was given before.
fn answered(answer: Answer) -> Result<Response<v1::Order>, Status> {
    let mark = |metadata: &mut MetadataMap| {
        if answer.replayed {
            metadata.insert(REPLAYED, MetadataValue::from_static("true"));
        }
    };
    if answer.outcome == Outcome::Declined {
        let mut status = convert::status_of(answer.body);
        mark(status.metadata_mut());
        return Err(status);
    }
    let order = v1::Order::decode(answer.body);
    let mut response = Response::new(order.map_err(|error| OrderError::Internal(error.into()))?);
    mark(response.metadata_mut());
    Ok(response)
}
