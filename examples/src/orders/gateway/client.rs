use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use mainstay_core::{Clock, Pushback, SystemClock};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::stack::{self, Stack};
use super::{GatewayError, GatewayUrl};
use crate::orders::context::RequestContext;
use crate::orders::model::{Currency, OrderId, Payment};

/// How long one attempt may take, and less if the deadline is nearer.
pub const ATTEMPT: Duration = Duration::from_secs(4);
/// The longest wait that is passed on. A gateway that says more has lost its mind or its clock.
const MOST_WAIT: Duration = Duration::from_hours(1);
/// The most bytes of an answer.
const MOST_ANSWER: usize = 64 * 1024;

/// The payment gateway, over HTTP.
#[derive(Clone, Debug)]
pub struct Gateway {
    stack: Stack,
    charges: Uri,
}

/// A charge to be made.
#[derive(Clone, Debug, Serialize)]
pub struct Charge {
    /// How much.
    pub amount_cents: i64,
    /// Of what.
    pub currency: Currency,
    /// What for.
    pub reference: OrderId,
    /// Under which key: the gateway charges once for it, however often it is asked.
    #[serde(skip)]
    pub key: String,
}

impl Gateway {
    /// The gateway at this URL.
    pub fn new(url: &GatewayUrl) -> Self {
        Self { stack: stack::build(), charges: url.charges() }
    }

    /// Charges once. An error leaves open whether money moved; asking again with the same key
    /// finds out.
    pub async fn charge(
        &self,
        context: &RequestContext,
        charge: &Charge,
    ) -> Result<Payment, GatewayError> {
        let limit = ATTEMPT.min(context.remaining());
        let attempt = self.attempt(context, charge);
        match tokio::time::timeout(limit, attempt).await {
            Ok(answer) => answer,
            Err(_) => Err(GatewayError::Timeout(limit)),
        }
    }

    async fn attempt(
        &self,
        context: &RequestContext,
        charge: &Charge,
    ) -> Result<Payment, GatewayError> {
        let request = self.request(context, charge)?;
        let response = self.stack.clone().oneshot(request).await?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED => receipt(response).await.map(Payment::Captured),
            StatusCode::PAYMENT_REQUIRED => Ok(Payment::Declined),
            status if is_final(status) => Err(GatewayError::Refused { status }),
            status => Err(GatewayError::Status { status, wait: wait(response.headers()) }),
        }
    }

    fn request(
        &self,
        context: &RequestContext,
        charge: &Charge,
    ) -> Result<Request<Full<Bytes>>, GatewayError> {
        let body =
            serde_json::to_vec(charge).map_err(|error| GatewayError::Request(error.into()))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.charges.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("idempotency-key", &charge.key)
            .extension(context.clone());
        request.body(Full::from(body)).map_err(|error| GatewayError::Request(error.into()))
    }
}

/// Whether a status will be the same the next time: the request is wrong, not the moment.
fn is_final(status: StatusCode) -> bool {
    let of_the_moment =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !of_the_moment.contains(&status)
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    let pushback = Pushback::from_headers(headers, SystemClock.system_time());
    pushback.and_then(Pushback::wait).map(|wait| wait.min(MOST_WAIT))
}

#[derive(Deserialize)]
struct Receipt {
    id: String,
}

async fn receipt(response: Response<Incoming>) -> Result<String, GatewayError> {
    let body = Limited::new(response.into_body(), MOST_ANSWER);
    let body = body.collect().await.map_err(GatewayError::Answer)?.to_bytes();
    let receipt: Receipt =
        serde_json::from_slice(&body).map_err(|error| GatewayError::Answer(error.into()))?;
    Ok(receipt.id)
}
