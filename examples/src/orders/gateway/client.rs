use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use mainstay_core::{Clock, Pushback, SystemClock};
use mainstay_json::{Limits, from_body, to_bytes};
use mainstay_resilience::breaker::{CircuitBreaker, InvalidConfig, Mode};
use mainstay_resilience::stack::Refused;
use mainstay_resilience::timeout::timeout;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use super::stack::{self, ATTEMPT, AnswerBody, Sent, Stack};
use super::{GatewayError, GatewayUrl, breaker};
use crate::orders::context::RequestContext;
use crate::orders::model::{Currency, OrderId, Payment};

/// The longest wait that is passed on. A gateway that says more has lost its mind or its clock.
const MOST_WAIT: Duration = Duration::from_hours(1);
/// The most bytes of an answer.
const ANSWER: Limits = Limits::new().body(64 * 1024);

/// The payment gateway, over HTTP.
#[derive(Clone, Debug)]
pub struct Gateway {
    stack: Stack,
    breaker: CircuitBreaker,
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
    ///
    /// # Errors
    ///
    /// If the breaker's configuration is out of range.
    pub fn new(url: &GatewayUrl) -> Result<Self, InvalidConfig> {
        let breaker = breaker::new()?;
        Ok(Self { stack: stack::build(breaker.clone()), breaker, charges: url.charges() })
    }

    /// The breaker in front of it.
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// Why it would not be asked now, whoever wants to. Once the breaker is ready to let a call
    /// through it is asked: that call is what closes the breaker.
    pub fn shut_off(&self) -> Option<GatewayError> {
        let now = self.breaker.snapshot();
        let is_waiting = now.wait.is_some() || now.status.mode == Mode::ForcedOpen;
        let shut_off = now.status.rejects() && is_waiting;
        shut_off.then_some(GatewayError::ShutOff { wait: now.wait })
    }

    /// Whether there is somebody to connect to, and the breaker lets calls through. Nothing is asked.
    pub async fn is_reachable(&self) -> bool {
        const HTTP: u16 = 80;
        let host = self.charges.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.charges.port_u16().unwrap_or(HTTP);
        self.shut_off().is_none() && TcpStream::connect((host, port)).await.is_ok()
    }

    /// Charges once, in as many attempts as the deadline and the policies allow. An error leaves
    /// open whether money moved, unless it [says otherwise](GatewayError::is_unsent); asking again
    /// with the same key finds out.
    pub async fn charge(
        &self,
        context: &RequestContext,
        charge: &Charge,
    ) -> Result<Payment, GatewayError> {
        let sent = Sent::default();
        let request = self.request(context, charge, sent.clone())?;
        let answered = self.stack.clone().oneshot(request).await;
        let response = answered.map_err(|error| GatewayError::from_stack(error, sent.get()))?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED => {
                // The stack's limits end with the head.
                let receipt = timeout(ATTEMPT.min(context.remaining()), receipt(response)).await;
                let receipt = receipt.map_err(|elapsed| GatewayError::Ended {
                    refused: Refused::Attempt(elapsed),
                    sent: true,
                })?;
                receipt.map(Payment::Captured)
            }
            StatusCode::PAYMENT_REQUIRED => Ok(Payment::Declined),
            status if is_final(status) => Err(GatewayError::Refused { status }),
            status => Err(GatewayError::Status { status, wait: wait(response.headers()) }),
        }
    }

    fn request(
        &self,
        context: &RequestContext,
        charge: &Charge,
        sent: Sent,
    ) -> Result<Request<Full<Bytes>>, GatewayError> {
        let body = to_bytes(charge).map_err(|error| GatewayError::Request(error.into()))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.charges.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("idempotency-key", &charge.key)
            .extension(context.deadline)
            .extension(context.clone())
            .extension(sent);
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

async fn receipt(response: Response<AnswerBody>) -> Result<String, GatewayError> {
    let receipt = from_body::<Receipt, _>(response.into_body(), &ANSWER).await;
    Ok(receipt.map_err(|error| GatewayError::Answer(error.into()))?.id)
}
