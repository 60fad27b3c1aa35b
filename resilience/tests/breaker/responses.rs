use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakers, Config, Consecutive, Mode, SlowCalls, State,
};
use mainstay_resilience::classify::{AnyError, Verdict};
use tower::{Layer, ServiceExt, service_fn};

use super::{SECOND, at, breaker, counts, fail, quick};

/// Makes a call that is answered like that.
async fn answer(
    breaker: &CircuitBreaker,
    status: u16,
    headers: &[(&str, &str)],
) -> Option<StatusCode> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let mut response = Some(response.body(String::new()).unwrap());
    let inner = service_fn(|_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap()))
    });
    let service = breaker.http_layer().layer(inner);
    service.oneshot(Request::new(())).await.ok().map(|response| response.status())
}

#[tokio::test(start_paused = true)]
async fn a_status_is_judged() {
    for (status, state) in [
        (200, State::Closed),
        (304, State::Closed),
        (404, State::Closed),
        (429, State::Open),
        (500, State::Open),
        (503, State::Open),
    ] {
        let breaker = breaker();
        assert_eq!(answer(&breaker, status, &[]).await.unwrap(), status);
        assert_eq!(at(&breaker).1, state, "{status}");
        let next = answer(&breaker, 200, &[]).await;
        assert_eq!(next.is_some(), state == State::Closed, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_a_failure() {
    let breaker = breaker();
    let broken = service_fn(async |_: Request<()>| Err::<Response<String>, _>("reset"));
    let error = breaker.http_layer().layer(broken).oneshot(Request::new(())).await.unwrap_err();
    assert_eq!((error.into_inner(), at(&breaker).1), (Some("reset"), State::Open));
}

type Answer = Result<Response<String>, &'static str>;

/// What is no response is judged as well, and so is what comes by another key.
#[tokio::test(start_paused = true)]
async fn who_calls_says_how_a_response_counts() {
    let judge = |answer: &Answer| match answer {
        Ok(response) if response.status() == 429 => Verdict::ignored(),
        Ok(response) if response.headers().contains_key("x-stale") => Verdict::failure(),
        Ok(_) => Verdict::success(),
        Err("no route") => Verdict::ignored(),
        Err(_) => Verdict::failure(),
    };
    let config = Config::default().without_rules();
    let builder = CircuitBreaker::builder("payments").config(config);
    let breakers = CircuitBreakers::<u8>::new(builder.clone()).unwrap();
    let (by_key, breaker) = (breakers.get(&7), builder.build().unwrap());
    let service = || service_fn(async |request: Request<Answer>| request.into_body());
    let one = breaker.http_layer().classify_http(judge).layer(service());
    let key = |_: &Request<Answer>| 7;
    let keyed = breakers.http_layer_by(key).classify_http(judge).layer(service());
    let respond = |status: u16, header: &'static str| {
        let response = Response::builder().status(status).header(header, "application/grpc");
        Ok(response.body(String::from("x")).unwrap())
    };
    for (answer, expected) in [
        (respond(429, "x-none"), (0, 0)),
        (respond(500, "x-none"), (1, 0)),
        (respond(200, "x-stale"), (2, 1)),
        (Err("no route"), (2, 1)),
        (Err("reset"), (3, 2)),
        // Of gRPC, and cut off: its trailers are missing.
        (respond(200, "content-type"), (4, 3)),
    ] {
        for (service, breaker) in
            [(one.clone().boxed(), &breaker), (keyed.clone().boxed(), &by_key)]
        {
            if let Ok(response) = service.oneshot(Request::new(answer.clone())).await {
                response.into_body().collect().await.unwrap();
            }
            assert_eq!(counts(breaker), expected, "{answer:?}");
        }
    }
}

/// A success by its head is one if the body comes to its end, and else not.
#[tokio::test(start_paused = true)]
async fn who_judges_the_head_does_not_judge_the_body() {
    let breaker = breaker();
    let service = service_fn(async |_: Request<()>| {
        let frames = [Ok(Frame::data(Bytes::from_static(b"half"))), Err("reset")];
        let body = StreamBody::new(futures_util::stream::iter(frames));
        Ok::<_, Infallible>(Response::new(body))
    });
    let layer = breaker.http_layer().including_body().classify_http(AnyError);
    let response = layer.layer(service).oneshot(Request::new(())).await.unwrap();
    assert_eq!(at(&breaker).1, State::Closed);
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(at(&breaker).1, State::Open);
}

/// A probe ends with the first data, but no body makes a success of a head that is none.
#[tokio::test(start_paused = true)]
async fn a_probe_s_data_does_not_overrule_its_head() {
    for (verdict, expected) in
        [(Verdict::ignored(), State::HalfOpen), (Verdict::success(), State::Closed)]
    {
        let breaker = breaker();
        fail(&breaker);
        tokio::time::advance(2 * SECOND).await;
        let endless = service_fn(async |_: Request<()>| {
            let data = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"more")));
            let body = StreamBody::new(futures_util::stream::repeat_with(data));
            Ok::<_, Infallible>(Response::new(body))
        });
        let layer = breaker.http_layer().including_body();
        let service = layer.classify_http(move |_: &_| verdict).layer(endless);
        let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
        assert_eq!(at(&breaker).1, State::HalfOpen);
        assert!(body.frame().await.is_some());
        assert_eq!(at(&breaker).1, expected);
        // The place is free for the next.
        assert!(breaker.try_acquire().is_ok());
    }
}

/// It opens for as long as the other side says, and a little more by chance, up to a limit.
#[tokio::test(start_paused = true)]
async fn it_opens_for_as_long_as_it_is_pushed_back() {
    let seconds = Duration::from_secs;
    let limited = |limit| breaker().config().max_pushback(limit);
    for (config, header, least, most) in [
        (limited(seconds(60)), "20", 20, 22),
        (limited(seconds(60)), "3600", 60, 66),
        (limited(seconds(10)), "20", 10, 11),
        (limited(Duration::ZERO), "20", 1, 1),
        // Less than it would be open anyway.
        (limited(seconds(60)), "0", 1, 1),
    ] {
        let breaker = CircuitBreaker::builder("payments").config(config).build().unwrap();
        assert!(answer(&breaker, 503, &[("retry-after", header)]).await.is_some());
        let wait = breaker.snapshot().wait.unwrap();
        assert!((seconds(least)..=seconds(most)).contains(&wait), "{header}: {wait:?}");
        tokio::time::advance(wait).await;
        assert!(answer(&breaker, 200, &[]).await.is_some());
        assert_eq!(at(&breaker).1, State::Closed);
    }
}

/// What one call was told holds for the opening that another causes.
#[tokio::test(start_paused = true)]
async fn pushback_is_remembered() {
    let breaker = quick().trip(Consecutive::failures(2)).build().unwrap();
    assert!(answer(&breaker, 429, &[("retry-after", "30")]).await.is_some());
    tokio::time::advance(10 * SECOND).await;
    assert!(answer(&breaker, 500, &[]).await.is_some());
    let wait = breaker.snapshot().wait.unwrap();
    assert!((20 * SECOND..=22 * SECOND).contains(&wait), "{wait:?}");
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_without_a_body_ends_with_its_head() {
    let grpc = |status| [("content-type", "application/grpc"), ("grpc-status", status)];
    let config = Config::default().without_rules();
    let breaker = CircuitBreaker::builder("payments").config(config).build().unwrap();
    for (status, expected) in [("5", (1, 0)), ("14", (2, 1)), ("1", (2, 1))] {
        assert!(answer(&breaker, 200, &grpc(status)).await.is_some());
        assert_eq!(counts(&breaker), expected, "{status}");
    }
}

/// A body that drips makes a slow call, if it is a part of it.
#[tokio::test(start_paused = true)]
async fn a_slow_body_is_a_slow_call() {
    let rule = SlowCalls::longer_than(SECOND).min_calls(1);
    let breaker = CircuitBreaker::builder("payments").trip(rule).build().unwrap();
    let page = || {
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::from("drip"))))
    };
    for (layer, state) in [
        (breaker.http_layer(), State::Closed),
        (breaker.http_layer().including_body(), State::Open),
    ] {
        let response = layer.layer(page()).oneshot(Request::new(())).await.unwrap();
        tokio::time::advance(2 * SECOND).await;
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "drip");
        assert_eq!(at(&breaker).1, state);
    }
}

async fn ask(app: &Router, content_type: &str) -> Response<Body> {
    let request = Request::get("/").header("content-type", content_type);
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_server_answers() {
    let breaker = breaker();
    let down = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let app = Router::new().route("/", get(down)).layer(breaker.http_layer().respond());
    assert_eq!(ask(&app, "text/plain").await.status(), 500);
    tokio::time::advance(SECOND / 4).await;

    let response = ask(&app, "text/plain").await;
    assert_eq!(response.status(), 503);
    // Whole seconds, rounded up.
    assert_eq!(header(&response, "retry-after"), Some("1"));

    let response = ask(&app, "application/grpc").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), Some("application/grpc"));
    assert_eq!(header(&response, "grpc-status"), Some("14"));
    assert_eq!(header(&response, "grpc-retry-pushback-ms"), Some("750"));

    // Nobody knows how long.
    breaker.set_mode(Mode::ForcedOpen);
    let response = ask(&app, "text/plain").await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, None));
    breaker.set_mode(Mode::ForcedClosed);
    assert_eq!(ask(&app, "text/plain").await.status(), 500);
}

#[cfg(feature = "errors")]
#[tokio::test(start_paused = true)]
async fn a_rejection_is_a_fault() {
    use mainstay_errors::{Catalogue, Fault};
    use mainstay_resilience::breaker::Open;
    let breaker = CircuitBreaker::builder("internal-payments-db").build().unwrap();
    (0..20).for_each(|_| fail(&breaker));
    let open = breaker.try_acquire().unwrap_err();
    let kind = open.kind();
    assert_eq!((kind.reason, kind.code), ("CIRCUIT_OPEN", mainstay_core::Code::Unavailable));
    assert_eq!(
        (kind.http_status(), Fault::retry_after(&open)),
        (503.try_into().unwrap(), open.wait())
    );
    assert!(open.wait() > Some(SECOND));
    let catalogue = Catalogue::new().domain("example.com").with::<Open>().unwrap();
    assert_eq!(catalogue.rows()[0].kind.reason, "CIRCUIT_OPEN");
    // The name is in the log, and nowhere else.
    assert!(open.to_string().contains("internal-payments-db"));
    let message = mainstay_errors::PublicMessage(&open).to_string();
    assert!(!message.contains("internal"), "{message}");
}
